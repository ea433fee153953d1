import { type ChannelOptions, connectivityState as State } from "@grpc/grpc-js";
import { detached } from "../../../async/detached.js";
import type { Timing } from "../../../async/timing.js";
import type { Instance } from "../../../instance.js";
import type { DialLimit } from "../../../membership/connection/dial-limit.js";
import type { Line, LineEvents, Transport } from "../../../membership/connection/transport.js";
import { childHelper, type Endpoint, type Leaf, type PolicyHelper } from "../../shield/experimental.js";
import { createLeaf } from "../../shield/policies.js";
import { abandonable, subchannelOf, withoutBackoff } from "../../subchannel-internals.js";
import { GrpcSession } from "./grpc-session.js";
import { type Identity, strangerAt } from "./identity-check.js";
import { CONNECT_MS, LimitedSubchannel } from "./limited-subchannel.js";
import type { TooManyPings } from "./too-many-pings.js";

/** An instance and where grpc-js finds it. */
export interface ListedEndpoint {
  readonly instance: Instance;
  readonly endpoint: Endpoint;
}

export interface GrpcTransportOptions {
  readonly helper: PolicyHelper;
  /** Passed to grpc-js for the connections. */
  readonly channel: ChannelOptions;
  /** Service name of the health Watch, or undefined for none. */
  readonly healthService: string | undefined;
  /** Says who must be asked who they are before they are called; undefined for an instance that is listed. */
  readonly identityOf?: (listed: ListedEndpoint) => Identity | undefined;
  readonly limit: DialLimit;
  readonly pings: TooManyPings;
  readonly timing: Timing;
}

/** Connects by grpc-js' own pick_first, which tries the addresses of an instance in turn and dials again with a backoff. */
export class GrpcTransport implements Transport<ListedEndpoint, GrpcSession> {
  readonly #options: GrpcTransportOptions;

  constructor(options: GrpcTransportOptions) {
    this.#options = options;
  }

  line(listed: ListedEndpoint, events: LineEvents<GrpcSession>): Line {
    return new GrpcLine(listed, this.#options, events);
  }
}

/** How long after a stranger was met at an address from a snapshot it is asked again, in milliseconds. */
const ASK_AGAIN_MS = 1_000;

/** How long after an attempt that nobody answered the next one begins, in milliseconds. */
const PAUSE_MS = 1_000;

/** grpc-js shares connections with equal options; one that has been given up must not be had again. */
let generations = 0;

class GrpcLine implements Line {
  readonly #listed: ListedEndpoint;
  readonly #options: GrpcTransportOptions;
  readonly #events: LineEvents<GrpcSession>;
  /** Ends listening to the subchannels that were made. */
  readonly #deaf: (() => void)[] = [];
  #leaf: Leaf;
  /** The leaf whose far side is being asked who it is. */
  #asked: Leaf | undefined;
  #stopWaiting: (() => void) | undefined;
  #connected = false;
  #hasFailed = false;
  #closed = false;

  constructor(listed: ListedEndpoint, options: GrpcTransportOptions, events: LineEvents<GrpcSession>) {
    this.#listed = listed;
    this.#options = options;
    this.#events = events;
    this.#leaf = this.#newLeaf(events.fresh);
  }

  start(): void {
    detached(() => this.#leaf.startConnecting());
  }

  close(): void {
    this.#closed = true;
    this.#stopWaiting?.();
    this.#stopListening();
    this.#leaf.destroy();
  }

  #stopListening(): void {
    for (const stop of this.#deaf.splice(0)) stop();
  }

  #newLeaf(fresh: boolean): Leaf {
    const { helper, channel, limit, pings, timing } = this.#options;
    if (fresh) generations += 1;
    const leaf: Leaf = createLeaf(
      fresh ? rotated(this.#listed.endpoint, generations) : this.#listed.endpoint,
      childHelper(helper, {
        createSubchannel: (address, args) => {
          const subchannel = withoutBackoff(helper.createSubchannel(abandonable(address), args));
          const keepaliveMs = Number(channel["grpc.keepalive_time_ms"]);
          this.#deaf.push(pings.listenTo(subchannel, this.#listed.instance.address, keepaliveMs));
          return new LimitedSubchannel(subchannel, {
            limit,
            timing,
            hasFailed: () => this.#hasFailed,
            tookTooLong: () => this.#tookTooLong(leaf),
          });
        },
        updateState: (_state, _picker, error) => {
          if (!this.#closed && leaf === this.#leaf) this.#update(error);
        },
      }),
      fresh ? { ...channel, "rollcall.generation": generations } : channel,
    );
    return leaf;
  }

  #update(error: string | null): void {
    const state = this.#leaf.getConnectivityState();
    if (this.#connected) {
      if (state !== State.READY) this.#events.lost();
    } else if (state === State.READY) {
      const identity = this.#options.identityOf?.(this.#listed);
      if (identity) this.#askWho(identity);
      else this.#isUp();
    } else if (state === State.TRANSIENT_FAILURE) this.#failed(error === null ? "no reason given" : causeIn(error));
  }

  #isUp(): void {
    this.#connected = true;
    const { healthService } = this.#options;
    this.#events.connected(new GrpcSession(subchannelOf(this.#leaf)!, this.#events.activity, healthService));
  }

  /** Of an address from a snapshot: a stranger gets no call, and is asked again, for the instance may be back. */
  #askWho(identity: Identity): void {
    const leaf = this.#leaf;
    if (this.#asked === leaf) return;
    this.#asked = leaf;
    const still = () => !this.#closed && this.#asked === leaf && leaf === this.#leaf;
    const decide = (why: string | undefined) => {
      if (!still() || leaf.getConnectivityState() !== State.READY) {
        this.#asked = undefined;
        return;
      }
      // The registry may have listed it meanwhile.
      if (why === undefined || this.#options.identityOf?.(this.#listed) === undefined) return this.#isUp();
      this.#failed(why);
      this.#stopWaiting = this.#options.timing.after(ASK_AGAIN_MS, () => {
        this.#asked = undefined;
        if (!this.#closed && leaf === this.#leaf) this.#update(null);
      });
    };
    strangerAt(subchannelOf(leaf)!, identity).then(decide, (error: Error) => decide(error.message));
  }

  #failed(reason: string): void {
    this.#hasFailed = true;
    this.#events.failed(reason);
  }

  #tookTooLong(leaf: Leaf): void {
    if (this.#closed || this.#connected || leaf !== this.#leaf) return;
    this.#stopListening();
    this.#leaf = this.#newLeaf(true);
    leaf.destroy();
    this.#failed(
      `${this.#listed.endpoint.addresses.length > 1 ? "none of its addresses" : "nobody"} answered within ${CONNECT_MS} ms`,
    );
    // The process may end meanwhile: Node holds it as long as a socket is connecting.
    this.#stopWaiting = this.#options.timing.after(PAUSE_MS, () => this.start());
  }
}

/** What went wrong, without what pick_first's message puts around it. */
function causeIn(message: string): string {
  return /^No connection established\. Last error: (?:Error: )?(.*)\. Resolution note: /s.exec(message)?.[1] ?? message;
}

/** pick_first keeps to the first address that connects; who dials again because of what was met there begins with another. */
function rotated({ addresses }: Endpoint, by: number): Endpoint {
  const at = by % addresses.length;
  return { addresses: [...addresses.slice(at), ...addresses.slice(0, at)] };
}
