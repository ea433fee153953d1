/** Which of many clients this one is. */
export interface SubsetPlace {
  /** Its index among all clients, from 0. */
  readonly index: number;
  /** How many clients there are. */
  readonly clients: number;
}

/**
 * The keys that one of many clients connects to, in the order given; all of them when there are no more than `size`. A key stands
 * among those given once.
 * Depends on nothing but its arguments, not on the order of the keys either. One join or leave changes at most one of a
 * client's keys (two for the few places whose keys stand on both sides of the circle's seam).
 *
 * A client that knows its place (a StatefulSet's ordinal and replicas) gets a subset that is exactly even: the numbers
 * of clients that any two keys have differ by at most 1. One that has only a name gets a subset that is even on average.
 * @throws RangeError when `size` is no positive whole number, or the place is none.
 */
export function subset(keys: readonly string[], size: number, client: string | SubsetPlace): string[] {
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`a subset has at least 1 instance, not ${size}`);
  if (typeof client !== "string") checkPlace(client);
  if (keys.length <= size) return [...keys];
  const taken = typeof client === "string" ? byName(keys, size, client) : byPlace(keys, size, client);
  return keys.filter((key) => taken.has(key));
}

/** Rendezvous hashing (Thaler and Ravishankar, 1998): the keys with the highest hash of client and key. */
function byName(keys: readonly string[], size: number, client: string): Set<string> {
  const seed = hash(client, 0);
  const ranks = Uint32Array.from(keys, (key) => hash(key, seed));
  // Numbers alone are sorted ten times as fast as keys by their numbers, which matters where there are thousands of keys.
  const least = ranks.toSorted()[keys.length - size]!;
  const highest = keys.filter((_, i) => ranks[i]! >= least);
  return new Set(ranked(highest, seed).slice(-size));
}

/**
 * All keys stand on a circle in the order of their hash, and the clients stand round it at equal distances; each takes
 * the `size` keys that follow. Adding a key moves no client by more than one step, and a step trades one key.
 */
function byPlace(keys: readonly string[], size: number, { index, clients }: SubsetPlace): Set<string> {
  const circle = ranked(keys, 0);
  const from = Math.floor((index * circle.length) / clients);
  return new Set(Array.from({ length: size }, (_, i) => circle[(from + i) % circle.length]!));
}

function checkPlace({ index, clients }: SubsetPlace): void {
  if (Number.isInteger(index) && Number.isInteger(clients) && index >= 0 && index < clients) return;
  throw new RangeError(`client ${index} of ${clients} is no place: index is a whole number from 0 to clients - 1`);
}

/** The keys by their hash, equal hashes by the keys themselves. */
function ranked(keys: readonly string[], seed: number): string[] {
  const hashed = keys.map((key) => ({ key, rank: hash(key, seed) }));
  hashed.sort((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : 1));
  return hashed.map(({ key }) => key);
}

/** FNV-1a, then the finalizer of MurmurHash3, without which keys that differ in the last digit stay neighbours. */
function hash(text: string, seed: number): number {
  let h = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
