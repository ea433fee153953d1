import { type Event, Event_EventType } from "../proto/etcd.js";
import { leaseExists, leaseNotFound, leaseTtlTooLarge } from "./errors.js";
import { randomId } from "./identity.js";
import { type Key, toKey } from "./key-range.js";
import type { Store } from "./store.js";

/** etcd's limit, in seconds. */
const MAX_TTL = 9_000_000_000n;
/** The longest wait that setTimeout takes, in milliseconds. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

interface Lease {
  readonly id: bigint;
  /** Seconds. */
  readonly ttl: bigint;
  readonly keys: Set<Key>;
  /** On the clock of `performance.now()`. */
  expiresAtMs: number;
  timer: NodeJS.Timeout | undefined;
}

/** Leases and the keys attached to them; a lease that runs out takes its keys along. */
export class Leases {
  readonly #store: Store;
  readonly #minTtl: bigint;
  readonly #leases = new Map<bigint, Lease>();
  readonly #leaseOfKey = new Map<Key, Lease>();
  #paused = false;

  /** @param minTtl seconds; shorter leases are granted as if this long. */
  constructor(store: Store, minTtl: number) {
    this.#store = store;
    this.#minTtl = BigInt(minTtl);
    store.onCommit(({ events }) => {
      for (const event of events) this.#follow(event);
    });
  }

  has(id: bigint): boolean {
    return this.#leases.has(id);
  }

  /** @param id 0 to have one chosen. */
  grant(id: bigint, ttl: bigint): { id: bigint; ttl: bigint } {
    if (ttl > MAX_TTL) throw leaseTtlTooLarge();
    if (this.has(id)) throw leaseExists();
    const lease: Lease = {
      id: id === 0n ? randomId() : id,
      ttl: ttl < this.#minTtl ? this.#minTtl : ttl,
      keys: new Set(),
      expiresAtMs: 0,
      timer: undefined,
    };
    this.#leases.set(lease.id, lease);
    this.#renew(lease);
    return lease;
  }

  /** Deletes the lease and, in one revision, its keys. */
  revoke(id: bigint): void {
    const lease = this.#leases.get(id);
    if (!lease) throw leaseNotFound();
    clearTimeout(lease.timer);
    this.#leases.delete(id);
    const keys = [...lease.keys].sort();
    this.#store.transaction(() => {
      for (const key of keys) this.#store.delete({ from: key, to: `${key}\0` });
    });
  }

  /** The TTL it was granted for, in seconds, or 0 when there is no such lease. */
  keepAlive(id: bigint): bigint {
    const lease = this.#leases.get(id);
    if (!lease) return 0n;
    this.#renew(lease);
    return lease.ttl;
  }

  /** Whole seconds left, those granted, and the keys; undefined when there is no such lease. */
  timeToLive(id: bigint): { ttl: bigint; grantedTtl: bigint; keys: Key[] } | undefined {
    const lease = this.#leases.get(id);
    if (!lease) return undefined;
    return { ttl: BigInt(Math.trunc(remainingMs(lease) / 1000)), grantedTtl: lease.ttl, keys: [...lease.keys] };
  }

  /** All ids, the one that runs out first first. */
  list(): bigint[] {
    return [...this.#leases.values()].sort((a, b) => a.expiresAtMs - b.expiresAtMs).map(({ id }) => id);
  }

  /** Lets all leases run out now, each in a revision of its own. */
  expireAll(): void {
    for (const id of this.list()) this.revoke(id);
  }

  /** Stops the clock: no lease runs out until resume(). */
  pause(): void {
    this.#paused = true;
    for (const lease of this.#leases.values()) clearTimeout(lease.timer);
  }

  /** Every lease has its whole TTL again, as after an election in etcd. */
  resume(): void {
    this.#paused = false;
    for (const lease of this.#leases.values()) this.#renew(lease);
  }

  /** Forgets all leases without touching the store. */
  clear(): void {
    for (const lease of this.#leases.values()) clearTimeout(lease.timer);
    this.#leases.clear();
    this.#leaseOfKey.clear();
  }

  #renew(lease: Lease): void {
    lease.expiresAtMs = performance.now() + Number(lease.ttl) * 1000;
    if (!this.#paused) this.#arm(lease);
  }

  /** A TTL may be longer than a timer can wait: then it is armed again. */
  #arm(lease: Lease): void {
    clearTimeout(lease.timer);
    lease.timer = setTimeout(
      () => {
        if (remainingMs(lease) > 0) this.#arm(lease);
        else this.revoke(lease.id);
      },
      Math.min(remainingMs(lease), MAX_TIMEOUT_MS),
    );
  }

  #follow({ type, kv }: Event): void {
    const key = toKey(kv!.key);
    this.#leaseOfKey.get(key)?.keys.delete(key);
    this.#leaseOfKey.delete(key);
    const lease = type === Event_EventType.PUT ? this.#leases.get(kv!.lease) : undefined;
    if (!lease) return;
    lease.keys.add(key);
    this.#leaseOfKey.set(key, lease);
  }
}

function remainingMs(lease: Lease): number {
  return lease.expiresAtMs - performance.now();
}
