import type { Event, WatchResponse } from "../../proto/etcd.js";

/** Responses that etcd sends in parts because they are long, by their watch. */
export class Fragments {
  readonly #held = new Map<bigint, Event[]>();

  /** The events of a response, joined to those of its earlier fragments; undefined while more are to come. */
  join({ watchId, events, fragment }: WatchResponse): Event[] | undefined {
    const held = this.#held.get(watchId);
    if (!held && !fragment) return events;
    const all = held ?? [];
    for (const event of events) all.push(event);
    if (fragment) this.#held.set(watchId, all);
    else this.#held.delete(watchId);
    return fragment ? undefined : all;
  }

  forget(watchId: bigint): void {
    this.#held.delete(watchId);
  }
}
