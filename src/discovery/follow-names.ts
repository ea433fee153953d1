import { isIP } from "node:net";
import { parseAddress } from "../address.js";
import { Latest } from "../async/latest.js";
import { throttled } from "../async/throttle.js";
import type { Timing } from "../async/timing.js";
import type { Pace } from "../host-names/followed-host.js";
import type { HostLookup } from "../host-names/host-lookup.js";
import { type Instance, sameInstance } from "../instance.js";
import { log } from "../log.js";
import { type Name, NamesInUse } from "./names-in-use.js";
import type { ResolvedInstance } from "./resolved-instance.js";

export interface FollowNamesOptions {
  /** Ends the iteration and frees what it holds. */
  readonly signal: AbortSignal;
  /** Told which host names cannot be resolved and why, once per change, and `undefined` when all of them can. */
  readonly onTrouble?: ((trouble: Error | undefined) => void) | undefined;
  /** The addresses that a host name had when it was last followed: used while it cannot be looked up. Default none. */
  readonly lastKnown?: ((host: string) => readonly string[] | undefined) | undefined;
  /** Whose names these are, for a fair share of the lookups. Default: nobody's in particular. */
  readonly owner?: string | undefined;
  /** Where a set is from. One from another source is told though it is the same. Default: all are from one. */
  readonly sourceOf?: ((set: readonly Instance[]) => string) | undefined;
  /** Default: as the system looks names up, the hosts file and search domains included. */
  readonly lookup?: HostLookup | undefined;
  readonly pace?: Pace | undefined;
  readonly timing?: Timing | undefined;
}

/** The sets of a discovery with every host name followed. */
export interface FollowedNames extends AsyncIterable<readonly ResolvedInstance[]> {
  /** Looks the host names up soon, because a connection has failed; no name more often than the pace's shortest wait. */
  refresh(): void;
  /** From now on names that have not been looked up yet stand for their last known addresses: DNS has had its time. */
  useLastKnown(): void;
}

/**
 * Follows the host names in a discovery's sets, so that whoever connects gets IP addresses only.
 *
 * Membership is the discovery's to say; DNS says where a member is. So a name that is lost or cannot be looked up any
 * more keeps its last addresses; one that never had any leaves its instance out until it has. Instances whose host is an
 * IP address pass at once. A set none of whose names has been looked up yet is held back: nobody is not what it says.
 */
export function followNames(sets: AsyncIterable<readonly Instance[]>, options: FollowNamesOptions): FollowedNames {
  const stage = new NameFollowing(options);
  return {
    refresh: () => stage.refresh(),
    useLastKnown: () => stage.useLastKnown(),
    [Symbol.asyncIterator]: () => stage.run(sets),
  };
}

/** A member of the last set, and what its addresses were made from. */
interface Member {
  readonly instance: Instance;
  readonly port: number;
  /** Undefined where the host is an IP address, or the address makes no sense. */
  readonly name: Name | undefined;
  madeFrom: readonly string[] | undefined;
  resolved: ResolvedInstance | undefined;
}

class NameFollowing {
  readonly #options: FollowNamesOptions;
  readonly #output: Latest<readonly ResolvedInstance[]>;
  readonly #names: NamesInUse;
  /** Undefined before the first set. */
  #members: Map<string, Member> | undefined;
  #source: string | undefined;
  #said: { readonly set: readonly ResolvedInstance[]; readonly source: string | undefined } | undefined;
  #publishing = false;
  #closed = false;

  constructor(options: FollowNamesOptions) {
    this.#options = options;
    this.#output = new Latest(options.signal);
    this.#names = new NamesInUse(options, () => this.#publishSoon());
    if (options.signal.aborted) this.#closed = true;
    else options.signal.addEventListener("abort", () => this.#close(), { once: true });
  }

  async *run(sets: AsyncIterable<readonly Instance[]>): AsyncGenerator<readonly ResolvedInstance[], void> {
    void this.#read(sets);
    try {
      yield* this.#output;
    } finally {
      this.#output.end();
      this.#close();
    }
  }

  refresh(): void {
    this.#names.refresh();
  }

  useLastKnown(): void {
    this.#names.useLastKnown();
    this.#publishSoon();
  }

  async #read(sets: AsyncIterable<readonly Instance[]>): Promise<void> {
    try {
      for await (const set of throttled(sets, this.#options.signal, this.#options.timing)) {
        if (this.#closed) return;
        this.#take(set);
      }
    } catch (error) {
      this.#output.fail(error);
    }
  }

  #take(set: readonly Instance[]): void {
    const before = this.#members;
    const members = new Map<string, Member>();
    for (const instance of set) {
      const old = before?.get(instance.address);
      members.set(instance.address, old && sameInstance(old.instance, instance) ? old : this.#member(instance));
    }
    this.#members = members;
    this.#source = this.#options.sourceOf?.(set);
    this.#names.keepOnly(namesOf(members.values()));
    this.#publish();
  }

  #member(instance: Instance): Member {
    try {
      const { host, port } = parseAddress(instance.address);
      if (!isIP(host)) return { instance, port, name: this.#names.get(host), madeFrom: undefined, resolved: undefined };
      const resolved = { instance, addresses: [{ host, port }] };
      return { instance, port, name: undefined, madeFrom: undefined, resolved };
    } catch (error) {
      log.warn({ address: instance.address }, `an instance is left out: ${(error as Error).message}`);
      return { instance, port: 0, name: undefined, madeFrom: undefined, resolved: undefined };
    }
  }

  /** Answers come in bursts, and each of them looked at alone would cost as much as all together. */
  #publishSoon(): void {
    if (this.#publishing) return;
    this.#publishing = true;
    setImmediate(() => {
      this.#publishing = false;
      if (!this.#closed) this.#publish();
    });
  }

  /** Says what has changed, if something has. */
  #publish(): void {
    // Before the first set nobody knows whether there are any.
    if (!this.#members) return;
    this.#names.update();
    const resolved: ResolvedInstance[] = [];
    let pending = false;
    for (const member of this.#members.values()) {
      resolve(member);
      if (member.resolved) resolved.push(member.resolved);
      else if (member.name) pending ||= !member.name.tried;
    }
    if (resolved.length === 0 && pending) return;
    const source = this.#source;
    if (this.#said && this.#said.source === source && isSame(this.#said.set, resolved)) return;
    this.#said = { set: resolved, source };
    this.#output.set(resolved);
  }

  #close(): void {
    this.#closed = true;
    this.#names.close();
  }
}

function* namesOf(members: Iterable<Member>): Iterable<Name | undefined> {
  for (const { name } of members) yield name;
}

function isSame(before: readonly ResolvedInstance[], now: readonly ResolvedInstance[]): boolean {
  return before.length === now.length && before.every((one, index) => one === now[index]);
}

/** Brings the addresses of a member with a host name up to what is known of the name. */
function resolve(member: Member): void {
  const { name, instance, port } = member;
  if (!name?.lastKnown || name.lastKnown === member.madeFrom) return;
  member.madeFrom = name.lastKnown;
  member.resolved = { instance, addresses: name.lastKnown.map((host) => ({ host, port })) };
}
