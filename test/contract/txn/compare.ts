import type {
  Compare,
  Compare_CompareResult as Result,
  Compare_CompareTarget as Target,
} from "../../../src/proto/etcd.js";

export type Wanted = NonNullable<Compare["targetUnion"]>;

/** A condition of a transaction. */
export const compare = (
  key: Buffer,
  target: Target,
  result: Result,
  targetUnion?: Wanted,
  rangeEnd: Buffer = Buffer.alloc(0),
): Compare => ({
  key,
  target,
  result,
  targetUnion,
  rangeEnd,
});
