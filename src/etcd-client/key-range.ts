/** A range of keys, the end excluded; an empty end means the single key. */
export interface KeyRange {
  readonly key: Buffer;
  readonly rangeEnd: Buffer;
}

/** Everything that starts with the prefix; every key there is when it is empty. */
export function prefixRange(prefix: string): KeyRange {
  // A single zero byte: the first of all keys, and as an end, "no end" (etcd's rpc.proto, RangeRequest.range_end).
  if (prefix === "") return { key: Buffer.of(0), rangeEnd: Buffer.of(0) };
  return { key: Buffer.from(prefix), rangeEnd: prefixEnd(prefix) };
}

export function singleKey(key: string): KeyRange {
  return { key: Buffer.from(key), rangeEnd: Buffer.alloc(0) };
}

/** The first key after all that start with the prefix; a service key or slash ends in no 0xff byte, UTF-8 has none. */
export function prefixEnd(prefix: string): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1]! += 1;
  return end;
}
