import { afterRead } from "../async/after-read.js";
import { Backoff } from "../async/backoff.js";
import { systemTiming, type Timing } from "../async/timing.js";
import { log } from "../log.js";
import type { HostAnswer, HostLookup } from "./host-lookup.js";

/** How often a host name is looked up again. Every wait is drawn between 0.8 and 1 of its length, so that clients spread. */
export interface Pace {
  /** Shortest wait, in milliseconds: for a TTL of 0, and between two lookups that somebody asked for. */
  readonly minMs: number;
  /** Longest wait, in milliseconds, whatever the TTL; also the wait where no TTL is known. */
  readonly maxMs: number;
}

/**
 * 1 s and 5 s. The records of a Kubernetes Service have a TTL of 5 s (CoreDNS) or 30 s (kubeadm): with either, a new pod is
 * seen within 5 s, as far as no cache on the way holds the old answer.
 */
export const DEFAULT_PACE: Pace = { minMs: 1_000, maxMs: 5_000 };

/** A lookup that takes longer than this, in milliseconds, is told as trouble; its answer is waited for all the same. */
const SILENCE_MS = 5_000;

/** https://github.com/kubernetes/dns/blob/master/docs/specification.md, section 2.4.1. */
const KUBERNETES_HINT = "(In Kubernetes: only headless Services list pods, and only those that are ready.)";

export interface FollowOptions {
  readonly lookup: HostLookup;
  readonly pace?: Pace | undefined;
  readonly timing?: Timing | undefined;
  /** Whose name it is, for a fair share of the lookups. Default: nobody's in particular. */
  readonly owner?: string | undefined;
  /** Called after `addresses` or `trouble` has changed, and after the first lookup in any case. */
  readonly onChange: () => void;
}

/**
 * A host name that is looked up for as long as it is followed: again when its TTL is over, sooner when someone asks, with
 * backoff while there is no answer. One lookup is under way at a time. A failed lookup changes nothing but `trouble`.
 */
export class FollowedHost {
  readonly host: string;
  readonly #options: FollowOptions;
  readonly #pace: Pace;
  readonly #timing: Timing;
  readonly #backoff: Backoff;
  readonly #abort = new AbortController();
  #answer: HostAnswer | undefined;
  #addresses: readonly string[] | undefined;
  #trouble: Error | undefined;
  #tried = false;
  #asking = false;
  #askedAt = 0;
  #askAt = 0;
  #cancelTimer = () => {};

  constructor(host: string, options: FollowOptions) {
    this.host = host;
    this.#options = options;
    this.#pace = options.pace ?? DEFAULT_PACE;
    this.#timing = options.timing ?? systemTiming;
    const { minMs } = this.#pace;
    this.#backoff = new Backoff({
      initialMs: minMs,
      maxMs: Math.max(minMs, 5_000),
      random: () => this.#timing.random(),
    });
    void this.#ask();
  }

  /** The addresses of the last answer, each once, IPv4 first and otherwise by text; undefined before the first answer. */
  get addresses(): readonly string[] | undefined {
    return this.#addresses;
  }

  /** Why there is no fresh answer, or no address in it. */
  get trouble(): Error | undefined {
    return this.#trouble;
  }

  /** Whether the first lookup has ended, in whatever way. */
  get tried(): boolean {
    return this.#tried;
  }

  /** Asks soon: at once, or when the shortest wait since the last lookup is over. */
  refresh(): void {
    if (this.#asking || this.#abort.signal.aborted) return;
    // Where a server has died, all its clients come here at the same moment.
    const spreadMs = 0.2 * this.#pace.minMs * this.#timing.random();
    const at = Math.max(this.#timing.now(), this.#askedAt + this.#pace.minMs) + spreadMs;
    if (at < this.#askAt) this.#askAtTime(at);
  }

  /** Ends the following and the lookup under way; `onChange` is not called any more. */
  close(): void {
    this.#abort.abort();
    this.#cancelTimer();
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    this.#askedAt = this.#timing.now();
    const { signal } = this.#abort;
    const saySilent = () => {
      if (!signal.aborted) this.#say(this.#addresses, new Error(`${this.host}: DNS has not answered for 5 s`));
    };
    const cancelSilence = afterRead(SILENCE_MS, saySilent, this.#timing);
    let waitMs: number;
    try {
      const answer = await this.#options.lookup(this.host, {
        signal,
        previous: this.#answer,
        owner: this.#options.owner,
        failing: this.#trouble !== undefined,
      });
      if (signal.aborted) return;
      waitMs = this.#take(answer);
    } catch (error) {
      if (signal.aborted) return;
      waitMs = this.#backoff.next();
      this.#say(this.#addresses, error instanceof Error ? error : new Error(String(error)));
    } finally {
      cancelSilence();
      this.#asking = false;
    }
    this.#askAtTime(this.#timing.now() + waitMs);
  }

  /** @returns the wait until the next lookup, in milliseconds. */
  #take(answer: HostAnswer): number {
    this.#answer = answer;
    const addresses = [...new Set(answer.addresses)].sort(byFamily);
    if (addresses.length === 0) {
      const absence = answer.absence ?? "the answer is empty";
      this.#say(addresses, new Error(`${this.host} has no address: ${absence}; is the name right? ${KUBERNETES_HINT}`));
      return this.#backoff.next();
    }
    this.#backoff.reset();
    this.#say(addresses, undefined);
    const { minMs, maxMs } = this.#pace;
    return Math.max(minMs, Math.min(maxMs, answer.ttlMs ?? maxMs)) * (0.8 + 0.2 * this.#timing.random());
  }

  #say(addresses: readonly string[] | undefined, trouble: Error | undefined): void {
    const moved = addresses?.join() !== this.#addresses?.join();
    const changed = moved || trouble?.message !== this.#trouble?.message || !this.#tried;
    if (trouble && !this.#trouble) {
      log.warn({ host: this.host, addresses: addresses ?? [] }, `${trouble.message}; trying again`);
    } else if (this.#trouble && !trouble) {
      log.info({ host: this.host, addresses }, `${this.host} is resolved again`);
    } else if (moved) {
      log.debug({ host: this.host, addresses }, `${this.host} has other addresses`);
    }
    if (moved) this.#addresses = addresses;
    this.#trouble = trouble;
    this.#tried = true;
    if (changed) this.#options.onChange();
  }

  #askAtTime(at: number): void {
    this.#cancelTimer();
    this.#askAt = at;
    this.#cancelTimer = this.#timing.after(Math.max(0, at - this.#timing.now()), () => void this.#ask());
  }
}

/** A fixed order, because servers shuffle theirs. IPv4 first: a host with an AAAA record is often on a network without IPv6. */
function byFamily(a: string, b: string): number {
  return Number(a.includes(":")) - Number(b.includes(":")) || (a < b ? -1 : a > b ? 1 : 0);
}
