import type { Trouble } from "../faults/trouble.js";
import type { CallRecord } from "../processes/call-record.js";
import type { CallEnd, World } from "../world/world.js";

/** What must hold whatever goes wrong. Each method says what is wrong, or nothing. */
export interface Invariant {
  readonly name: string;
  /** Told at the moment a call is sent. */
  sent?(record: CallRecord): string | undefined;
  called?(record: CallRecord, how: CallEnd): string | undefined;
  /** A process asks etcd for something. */
  asked?(peer: string, atMs: number): string | undefined;
  /** A client dials a server. */
  dialled?(way: string, atMs: number): string | undefined;
  /** Every virtual second. */
  second?(): string | undefined;
  /** After the last fault: looked at every second until it holds, which is to be soon, and from then on it has to. */
  settled?(): string | undefined;
}

export type MakeInvariant = (world: World, trouble: Trouble) => Invariant;
