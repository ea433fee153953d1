/**
 * Keys are byte strings. Inside the dev registry each is a JavaScript string with one character per byte ("latin1"),
 * because those compare as the bytes do and can be keys of a Map.
 */
export type Key = string;

export const NO_BYTES = Buffer.alloc(0);

export function toKey(bytes: Buffer): Key {
  return bytes.toString("latin1");
}

export function toBytes(key: Key): Buffer {
  return Buffer.from(key, "latin1");
}

/** Which keys a request means: those from `from` up to, without, `to`; `to` undefined: all that follow. */
export interface KeyRange {
  readonly from: Key;
  readonly to: Key | undefined;
}

/** etcd's rule: no range end is the key alone, a single zero byte as range end is everything from the key on. */
export function toRange(key: Buffer, rangeEnd: Buffer): KeyRange {
  const from = toKey(key);
  if (rangeEnd.length === 0) return { from, to: `${from}\0` };
  if (rangeEnd.length === 1 && rangeEnd[0] === 0) return { from, to: undefined };
  return { from, to: toKey(rangeEnd) };
}

/** All keys that begin with the prefix. */
export function prefixRange(prefix: Key): KeyRange {
  // The first key after all of those: the prefix without its trailing 0xff bytes, its last byte one higher.
  const stem = prefix.replace(/\xff+$/, "");
  if (stem === "") return { from: prefix, to: undefined };
  return { from: prefix, to: stem.slice(0, -1) + String.fromCharCode(stem.charCodeAt(stem.length - 1) + 1) };
}

export function contains(range: KeyRange, key: Key): boolean {
  return key >= range.from && (range.to === undefined || key < range.to);
}
