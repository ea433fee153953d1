import { type Event, Event_EventType, type KeyValue } from "../proto/etcd.js";
import { compacted, futureRevision } from "./errors.js";
import { KeyIndex } from "./key-index.js";
import { type Key, type KeyRange, NO_BYTES, toBytes, toKey } from "./key-range.js";

/** What one transaction changed. */
export interface Commit {
  readonly revision: bigint;
  /** Each with what the key held at the revision before, if anything. */
  readonly events: readonly Event[];
}

/**
 * A key-value store with history, as etcd's: every transaction that changes something makes one new revision, and what
 * held at an older revision can be read until a compaction.
 */
export class Store {
  readonly #index = new KeyIndex();
  readonly #keptRevisions: number;
  readonly #listeners: ((commit: Commit) => void)[] = [];
  /** One per revision, without gaps; the newest last. */
  #commits: Commit[] = [];
  #pending: Event[] = [];
  /** An empty etcd begins at 1, and -1 stands for "never compacted". */
  #committed = 1n;
  #compactRevision = -1n;

  /** @param keptRevisions how much history survives when the store compacts by itself. */
  constructor(keptRevisions: number) {
    this.#keptRevisions = keptRevisions;
  }

  /** The newest revision; inside a transaction that has changed something, already its own. */
  get revision(): bigint {
    return this.#pending.length > 0 ? this.#committed + 1n : this.#committed;
  }

  /** Older revisions than this one can no longer be read. */
  get compactRevision(): bigint {
    return this.#compactRevision;
  }

  /** Called after each commit, in the order of registration. */
  onCommit(listener: (commit: Commit) => void): void {
    this.#listeners.push(listener);
  }

  get(key: Key): KeyValue | undefined {
    return this.#index.get(key);
  }

  /**
   * The keys in order, as they are now or (at > 0) as they were at a revision.
   * @throws EtcdError when that revision is compacted or does not exist yet.
   */
  range(range: KeyRange, at = 0n): KeyValue[] {
    if (at > this.revision) throw futureRevision();
    if (at > 0n && at < this.#compactRevision) throw compacted();
    return [...this.#index.range(range, at > 0n ? at : undefined)];
  }

  /** Bytes of all keys and values that can be read, history included. */
  get size(): number {
    return this.#index.size;
  }

  /** Runs the work and commits what it changed as one revision. The work may not throw after its first change. */
  transaction<T>(work: () => T): T {
    const result = work();
    if (this.#pending.length > 0) this.#commit();
    return result;
  }

  /** Inside a transaction only. */
  put(key: Key, value: Buffer, lease: bigint): void {
    const current = this.#index.get(key);
    const revision = this.#committed + 1n;
    const kv: KeyValue = {
      key: ownBytes(toBytes(key)),
      value: ownBytes(value),
      createRevision: current?.createRevision ?? revision,
      modRevision: revision,
      version: (current?.version ?? 0n) + 1n,
      lease,
    };
    this.#change(key, Event_EventType.PUT, kv, kv);
  }

  /** Inside a transaction only. Returns what was deleted. */
  delete(range: KeyRange): KeyValue[] {
    const deleted = this.range(range);
    const revision = this.#committed + 1n;
    for (const { key } of deleted) {
      const tombstone = { key, modRevision: revision, value: NO_BYTES, createRevision: 0n, version: 0n, lease: 0n };
      this.#change(toKey(key), Event_EventType.DELETE, tombstone, undefined);
    }
    return deleted;
  }

  /** What happened from a revision on, oldest first. The revision must not be compacted. */
  *history(from: bigint): Generator<Commit> {
    const first = this.#commits[0];
    if (!first) return;
    for (let i = Math.max(0, Number(from - first.revision)); i < this.#commits.length; i++) yield this.#commits[i]!;
  }

  /** @throws EtcdError when the revision is compacted already or does not exist yet. */
  compact(revision: bigint): void {
    if (revision <= this.#compactRevision) throw compacted();
    if (revision > this.#committed) throw futureRevision();
    this.#compactRevision = revision;
    this.#index.compact(revision);
    this.#commits = [...this.history(revision)];
  }

  /** Forgets everything: the store is as on its first day. */
  clear(): void {
    this.#index.clear();
    this.#commits = [];
    this.#committed = 1n;
    this.#compactRevision = -1n;
  }

  #change(key: Key, type: Event_EventType, kv: KeyValue, now: KeyValue | undefined): void {
    const prevKv = this.#index.get(key, this.#committed);
    this.#index.add(key, { revision: kv.modRevision, kv: now });
    this.#pending.push({ type, kv, prevKv });
  }

  #commit(): void {
    const commit = { revision: this.revision, events: this.#pending };
    this.#committed = commit.revision;
    this.#commits.push(commit);
    this.#pending = [];
    for (const listener of this.#listeners) listener(commit);
    // Only when twice the history has gathered, so that the walk over all keys is spread over many commits.
    if (this.#commits.length > 2 * this.#keptRevisions) this.compact(this.#committed - BigInt(this.#keptRevisions));
  }
}

/**
 * A copy in memory of its own. A message is read into Node's shared slabs of 8 kB, and one value of 150 bytes that is kept
 * would keep a whole slab.
 */
function ownBytes(bytes: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return own;
}
