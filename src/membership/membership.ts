import { afterRead } from "../async/after-read.js";
import type { Timing } from "../async/timing.js";
import { connections } from "../tally.js";
import { Announcements, type Subject } from "./announcements.js";
import { type ChannelRules, type ChannelState, channelState } from "./channel-state.js";
import { Connection, type ConnectionSettings } from "./connection/connection.js";
import { countChange } from "./connection/connection-count.js";
import { type ConnectionState, isServing, upState } from "./connection/connection-state.js";
import type { Listed, Session, Transport } from "./connection/transport.js";
import { PANIC_MS, SETTLE_MS, SILENCE_MS } from "./grace-periods.js";
import { Members } from "./members.js";

export interface MembershipListener {
  /** What calls may do now, and among whom. Called after every change, many changes together. */
  state(state: ChannelState): void;
  /** A connection has been lost: the registry's last answer may be stale. */
  lost(): void;
}

/** Which of the listed instances to connect to. */
export interface Choice {
  readonly ids: Iterable<string>;
  /** How many there can be at most, where nobody asked for a number. */
  readonly limitedTo?: number | undefined;
}

/**
 * A service's connections, whatever is spoken over them: connects to the instances that are listed, and says whether calls
 * may start and on which connections.
 */
export class Membership<L extends Listed, S extends Session> {
  readonly #timing: Timing;
  readonly #subject: () => Subject;
  readonly #listener: MembershipListener;
  readonly #members: Members<L, Connection<L, S>>;
  readonly #announcements: Announcements;
  readonly #rules: () => Omit<ChannelRules, "patient">;
  #ready = new Set<string>();
  /** Whether calls may start: some connection is ready, and the others have had their time. */
  #settled = false;
  #stopSettling: (() => void) | undefined;
  /** Whether instances on their way are still waited for, where those that are up do not serve. */
  #patient = true;
  #stopPatience: (() => void) | undefined;
  #stopRefresh: (() => void) | undefined;
  #closed = false;

  /**
   * @param transport as it is when an instance is listed for the first time.
   * @param rules asked whenever something has changed.
   */
  constructor(
    transport: () => { transport: Transport<L, S>; settings: ConnectionSettings },
    timing: Timing,
    subject: () => Subject,
    listener: MembershipListener,
    rules: () => Omit<ChannelRules, "patient"> = () => ({}),
  ) {
    this.#rules = rules;
    this.#timing = timing;
    this.#subject = subject;
    this.#listener = listener;
    this.#announcements = new Announcements(subject, timing);
    const open = (listed: L) => {
      const { transport: dialling, settings } = transport();
      return this.#open(listed, dialling, settings);
    };
    this.#members = new Members(open, timing, {
      retained: (ids) => this.#announcements.retained(ids),
      takenOver: () => {
        this.#announcements.takenOver();
        this.#refresh();
      },
    });
  }

  /** By identity. */
  get connections(): ReadonlyMap<string, Connection<L, S>> {
    return this.#members.connections;
  }

  /** Instances that the registry has suddenly ceased to list, and that are called all the same; and those that wait to be closed. */
  get unlisted(): { readonly retained: number; readonly retired: number } {
    return this.#members.unlisted;
  }

  /** Why there is no connection to some instance. */
  get lastError(): string | undefined {
    for (const { lastError } of this.connections.values()) if (lastError !== undefined) return lastError;
    return undefined;
  }

  /** @param listed all that the registry lists, by identity */
  set(listed: ReadonlyMap<string, L>, { ids, limitedTo }: Choice): void {
    this.#announcements.limited(listed.size, limitedTo ?? Number.POSITIVE_INFINITY);
    this.#members.set(listed, ids);
    this.#refresh();
  }

  close(): void {
    this.#closed = true;
    this.#stopSettling?.();
    this.#stopPatience?.();
    this.#stopRefresh?.();
    this.#announcements.close();
    this.#members.close();
  }

  #open(listed: L, transport: Transport<L, S>, settings: ConnectionSettings): Connection<L, S> {
    const address = () => connection.listed.instance.address;
    const connection: Connection<L, S> = new Connection(listed, transport, settings, {
      changed: (before, now) => {
        countChange(this.#subject().service, before, now);
        this.#refreshSoon();
      },
      healthNotTold: (reason) => this.#announcements.healthNotTold(address(), reason),
      unconnected: () => this.#announcements.unconnected(address(), connection.lastError),
      foundDead: () => {
        connections.dead.count(this.#subject().service);
        this.#announcements.foundDead(address(), SILENCE_MS);
      },
    });
    return connection;
  }

  /** Connections change in bursts (a rolling deploy, a start with a thousand instances): one look at all of them serves. */
  #refreshSoon(): void {
    if (this.#closed) return;
    this.#stopRefresh ??= this.#timing.after(0, () => this.#refresh());
  }

  #refresh(): void {
    this.#stopRefresh?.();
    this.#stopRefresh = undefined;
    this.#members.closeStopped();
    const state = this.#state();
    const ready = new Set(state.is === "ready" ? state.usable : []);
    const lost = [...this.#ready].some((id) => !ready.has(id) && isDown(this.connections.get(id)));
    this.#ready = ready;
    const panic = state.is === "ready" && state.panic;
    const serving = [...this.connections.values()].filter((one) => isServing(one.state)).length;
    this.#announcements.panic(panic ? ready.size : 0, serving);
    this.#tell(state);
    if (lost) this.#listener.lost();
  }

  #state(): ChannelState {
    const states = [...this.connections].map(([id, { state }]) => [id, state] as const);
    const state = channelState(states, { patient: this.#patient, ...this.#rules() });
    if (state.is === "connecting" && state.up) {
      this.#stopPatience ??= afterRead(PANIC_MS, () => this.#losePatience(), this.#timing);
    } else if (state.is !== "ready" || !state.panic) {
      this.#stopPatience?.();
      this.#stopPatience = undefined;
      this.#patient = true;
    }
    // Nobody is listed, so nobody can be on the way: whoever is listed next is waited for.
    return state.is === "failing" && this.#members.noneListed ? { is: "connecting", up: false } : state;
  }

  #losePatience(): void {
    this.#patient = false;
    this.#refresh();
  }

  #tell(state: ChannelState): void {
    const settling = state.is === "ready" && state.pending && !state.panic && !this.#settled;
    if (settling) this.#settleSoon();
    else this.#settled = state.is === "ready";
    this.#listener.state(settling ? { is: "connecting", up: false } : state);
  }

  #settleSoon(): void {
    this.#stopSettling ??= this.#timing.after(SETTLE_MS, () => {
      this.#stopSettling = undefined;
      this.#settled = this.#ready.size > 0;
      if (this.#settled) this.#refresh();
    });
  }
}

function isDown(connection: { readonly state: ConnectionState } | undefined): boolean {
  return connection !== undefined && upState(connection.state) === undefined;
}
