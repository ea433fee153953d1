import { type Event, Event_EventType } from "../../../src/proto/etcd.js";

export const { PUT, DELETE } = Event_EventType;

/** What happened, to which key of the test, at which revision. */
export const short = ({ type, kv }: Event) => [type, kv!.key.toString().split("/")[1], kv!.modRevision];
