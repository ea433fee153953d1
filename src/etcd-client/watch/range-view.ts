import { type Event, Event_EventType, type KeyValue } from "../../proto/etcd.js";

/** What became different in a view: the key-values put and the keys gone. */
export interface Change {
  readonly put: readonly KeyValue[];
  readonly gone: readonly Buffer[];
}

/** What is known of a range of keys: its content as of a revision. Pure; whoever watches the range feeds it. */
export class RangeView {
  readonly #kvs = new Map<string, KeyValue>();
  #revision = 0n;
  #seen = 0n;
  #expected = 0n;
  #begun = 0;
  #listing = 0;

  /** The content is that of this revision; 0 when it is not known to be that of any. */
  get revision(): bigint {
    return this.#revision;
  }

  /** Nothing in the range changed after `revision` up to this one, at least. */
  get seen(): bigint {
    return this.#seen;
  }

  /** Revision of the last write that etcd has confirmed; a watch goes on from before it only where history is proved up to it. */
  get expected(): bigint {
    return this.#expected;
  }

  /** Listings that were asked for until now. */
  get begun(): number {
    return this.#begun;
  }

  /** Number of the listing that the content began with; 0 before the first. */
  get listing(): number {
    return this.#listing;
  }

  get(key: string): KeyValue | undefined {
    return this.#kvs.get(Buffer.from(key).toString("latin1"));
  }

  /** etcd has confirmed a write at this revision, which the content may not show yet. */
  expect(revision: bigint): void {
    this.#expected = revision;
  }

  /** A listing is asked for. @returns its number, for list(). */
  begin(): number {
    this.#begun += 1;
    return this.#begun;
  }

  /** Takes a listing for the truth, whatever was known, and says what differs. */
  list(revision: bigint, kvs: readonly KeyValue[], listing = this.begin()): Change {
    const put = kvs.filter((kv) => {
      const known = this.#kvs.get(name(kv.key));
      return !known || !isSamePut(known, kv);
    });
    const listed = new Set(kvs.map((kv) => name(kv.key)));
    const gone = [...this.#kvs.values()].filter((kv) => !listed.has(name(kv.key))).map((kv) => kv.key);
    for (const key of gone) this.#kvs.delete(name(key));
    for (const kv of put) this.#kvs.set(name(kv.key), kv);
    this.#revision = revision;
    this.#seen = revision;
    this.#listing = listing;
    return { put, gone };
  }

  /** Follows events in the order of their revisions; those already known are skipped. */
  follow(events: readonly Event[]): Change {
    const touched = new Map<string, Buffer>();
    const known = this.#revision;
    for (const { type, kv } of events) {
      if (!kv || kv.modRevision <= known) continue;
      touched.set(name(kv.key), kv.key);
      if (type === Event_EventType.DELETE) this.#kvs.delete(name(kv.key));
      else this.#kvs.set(name(kv.key), kv);
      if (kv.modRevision > this.#revision) this.#revision = kv.modRevision;
    }
    if (this.#revision > this.#seen) this.#seen = this.#revision;
    const put = [...touched.keys()].flatMap((key) => this.#kvs.get(key) ?? []);
    const gone = [...touched].filter(([key]) => !this.#kvs.has(key)).map(([, key]) => key);
    return { put, gone };
  }

  /** etcd says that nothing more happened up to this revision. */
  progress(revision: bigint): void {
    if (revision > this.#seen) this.#seen = revision;
  }

  /** The content may be of another history than etcd's now: it stays in use, but only a listing can go on from it. */
  distrust(): void {
    this.#revision = 0n;
    this.#seen = 0n;
  }
}

/** Keys are bytes; this loses none. */
function name(key: Buffer): string {
  return key.toString("latin1");
}

/** Whether two key-values are one and the same put, also when they may stem from histories that count alike. */
export function isSamePut(a: KeyValue, b: KeyValue): boolean {
  return (
    a.modRevision === b.modRevision &&
    a.createRevision === b.createRevision &&
    a.lease === b.lease && // etcd never gives an id twice
    a.value.equals(b.value)
  );
}
