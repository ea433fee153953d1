import { Event, Event_EventType, KeyValue } from "../proto/etcd.js";

/** What etcd promises of revisions, compaction and restored backups. */
export class SimulatedStore {
  #history: { event: Event; revision: bigint }[] = [];
  #revision = 1n;
  #compacted = 0n;
  #lease = 1n;

  /** Puts keys at one revision. Every put has a lease of its own, as no two are alike in a real etcd either. */
  put(...keys: string[]): void {
    this.#commit(keys.map((key) => [Event_EventType.PUT, key]));
  }

  /** Deletes those of the keys that exist at one revision, as a lease does that runs out. */
  delete(...keys: string[]): void {
    const existing = new Set(this.list("", "\xff").map(({ key }) => key.toString()));
    const present = keys.filter((key) => existing.has(key));
    if (present.length > 0) this.#commit(present.map((key) => [Event_EventType.DELETE, key]));
  }

  compact(keep: number): void {
    const to = this.#revision - BigInt(keep);
    if (to > this.#compacted) this.#compacted = to;
  }

  /** Restores a backup taken some revisions ago; what happens from then on is another history under the same numbers. */
  rollBack(revisions: number): void {
    const to = this.#revision > BigInt(revisions) ? this.#revision - BigInt(revisions) : 1n;
    this.#history = this.#history.filter(({ revision }) => revision <= to);
    this.#revision = to;
    if (this.#compacted > to) this.#compacted = to;
  }

  get revision(): bigint {
    return this.#revision;
  }

  get compacted(): bigint {
    return this.#compacted;
  }

  list(from: string, to: string, at = this.#revision): KeyValue[] {
    const kvs = new Map<string, KeyValue>();
    for (const { event, revision } of this.#history) {
      const key = event.kv!.key.toString();
      if (revision > at || !covers(from, to, key)) continue;
      if (event.type === Event_EventType.DELETE) kvs.delete(key);
      else kvs.set(key, event.kv!);
    }
    return [...kvs.values()].sort((a, b) => a.key.compare(b.key));
  }

  events(from: string, to: string, since: bigint): Event[] {
    return this.#history
      .filter(({ event, revision }) => revision >= since && covers(from, to, event.kv!.key.toString()))
      .map(({ event }) => event);
  }

  #commit(changes: [Event_EventType, string][]): void {
    this.#revision += 1n;
    for (const [type, key] of changes) {
      this.#lease += 1n;
      const put = type === Event_EventType.PUT && {
        createRevision: this.#revision,
        lease: this.#lease,
        value: Buffer.from(`10.0.0.${this.#lease % 250n}:80`),
      };
      const kv = KeyValue.fromPartial({ key: Buffer.from(key), modRevision: this.#revision, ...put });
      this.#history.push({ revision: this.#revision, event: Event.fromPartial({ type, kv }) });
    }
  }
}

function covers(from: string, to: string, key: string): boolean {
  return to === "" ? key === from : key >= from && key < to;
}
