import fc from "fast-check";
import {
  type Event,
  Event_EventType,
  type WatchCreateRequest,
  WatchCreateRequest_FilterType,
} from "../../../src/proto/etcd.js";
import type { EtcdClient } from "../etcd-client.js";
import { type Answer, key } from "./operations.js";

const { PUT } = Event_EventType;
const { NOPUT, NODELETE } = WatchCreateRequest_FilterType;

/** Not a key of any operation: put and deleted, it says that everything before it has been told. */
export const SENTINEL = Buffer.from("\xff\xff", "latin1");
export const EVERYTHING = { key: Buffer.from([0]), rangeEnd: Buffer.from([0]) };

export interface HistoryWatch {
  /** How many revisions before the end of the sequence it begins. */
  readonly back: bigint;
  readonly from: Buffer;
  readonly filters: WatchCreateRequest["filters"];
  readonly prevKv: boolean;
}

export const watch: fc.Arbitrary<HistoryWatch> = fc.record({
  back: fc.bigInt(1n, 30n), // at least the sentinel's put, which every filter but one lets through
  from: key,
  filters: fc.constantFrom<WatchCreateRequest["filters"]>([], [NOPUT], [NODELETE]),
  prevKv: fc.boolean(),
});

/** All events of a watch that begins in the past, up to a sentinel that is put and deleted now, or the compaction that ends it. */
export async function history(client: EtcdClient, { back, from, filters, prevKv }: HistoryWatch): Promise<Answer> {
  await client.put({ key: SENTINEL });
  const { revision } = (await client.deleteRange({ key: SENTINEL })).header!;
  const stream = client.watch();
  try {
    const startRevision = revision > back ? revision - back : 1n; // 0 would mean now
    const created = await stream.created({ key: from, rangeEnd: EVERYTHING.rangeEnd, startRevision, filters, prevKv });
    const last = filters.includes(NODELETE) ? revision - 1n : revision;
    const events: Event[] = [];
    while ((events.at(-1)?.kv?.modRevision ?? 0n) < last) {
      const response = await stream.next();
      if (response.canceled) return [created, response];
      events.push(...response.events);
    }
    // A deletion at the very revision of a compaction is still told by etcd 3.5.19 and later, but not by older ones.
    return [created, events.filter(({ type, kv }) => type === PUT || kv!.modRevision > startRevision)];
  } finally {
    stream.close();
  }
}
