import { type Hash64, murmur3 } from "./murmur3.js";

/** Points of an instance on the ring where all weigh the same: go-zero's, so that a Go and a Node client choose alike. */
const POINTS = 100;
/** With weights the ring has about so many points for the lightest one, and at most so many in all: gRFC A76's defaults. */
const LEAST_RING = 1_024;
const LARGEST_RING = 4_096;
/** So many points are sorted at once: their indexes and 32 bits of a hash are together what a number holds exactly. */
const MOST_SORTED = 2 ** 21;
/** go-zero's way to settle a point that several instances share: hash this and the key. */
const TIE = "16777619:";

export interface ConsistentHashOptions<K> {
  /** What is hashed of an instance. Default: the key itself as text; for go-zero's choices its `host:port`. */
  readonly addressOf?: (key: K) => string;
}

export interface ConsistentHashSet<K> {
  /** Share of the keys, a positive number. Default 1 for each; only proportions matter. */
  readonly weightOf?: (key: K) => number;
}

/** Where the points of the ring are, in ascending order. */
interface Ring<K> {
  readonly hi: Uint32Array;
  readonly lo: Uint32Array;
  readonly owner: readonly K[];
}

/**
 * Sends equal keys to the same instance: a ring of points (Karger et al., 1997), point for point go-zero's
 * `consistent_hash`, so that clients in Go and Node that know the same instances choose the same one. An instance that
 * leaves moves its own keys only; where weights differ it may move a few of the others' too, because the number of points of each follows
 * from all.
 */
export class ConsistentHash<K> {
  readonly #addressOf: (key: K) => string;
  readonly #hash: Hash64 = { hi: 0, lo: 0 };
  #ring: Ring<K> = { hi: new Uint32Array(), lo: new Uint32Array(), owner: [] };
  /** Points each instance has, to tell whether a set() changes anything. */
  #points = new Map<K, number>();

  constructor({ addressOf = String }: ConsistentHashOptions<K> = {}) {
    this.#addressOf = addressOf;
  }

  /** How many instances there are. */
  get size(): number {
    return this.#points.size;
  }

  /** Puts these instances on the ring, in place of those that were there; the order does not matter. */
  set(keys: Iterable<K>, { weightOf = () => 1 }: ConsistentHashSet<K> = {}): void {
    const points = pointsOf(new Set(keys), weightOf);
    if (sameMap(points, this.#points)) return;
    const kept = keep(this.#ring, (key) => points.get(key) === this.#points.get(key));
    const added = [...points].filter(([key, count]) => this.#points.get(key) !== count);
    this.#ring = merge(kept, this.#newRing(added), this.#addressOf);
    this.#points = points;
  }

  /**
   * The instance for a key; undefined when there is none.
   * @throws TypeError for a key that is no text: what all of those become would be one key.
   * @param accepts whether an instance may be taken; those that may not are passed over, in the order of the ring. Default:
   *   all may, which is go-zero's choice. Where none is accepted the first one on the ring is taken all the same.
   */
  pick(key: string, accepts?: (instance: K) => boolean): K | undefined {
    if (typeof key !== "string")
      throw new TypeError(`a key is text, not ${typeof key}: write String(key) for a number`);
    const first = this.#indexOf(key);
    if (first < 0) return undefined;
    const { owner } = this.#ring;
    const chosen = this.#amongEquals(first, key);
    if (!accepts || accepts(chosen)) return chosen;
    const refused = new Set([chosen]);
    for (let step = 1; step < owner.length && refused.size < this.size; step++) {
      const next = owner[(first + step) % owner.length]!;
      if (refused.has(next)) continue;
      if (accepts(next)) return next;
      refused.add(next);
    }
    return chosen;
  }

  /** The first point at or after the key's, round the ring; -1 where there is none. */
  #indexOf(key: string): number {
    const { hi, lo, owner } = this.#ring;
    if (owner.length === 0) return -1;
    const at = murmur3(key, this.#hash);
    let low = 0;
    let high = owner.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const before = hi[middle]! < at.hi || (hi[middle] === at.hi && lo[middle]! < at.lo);
      if (before) low = middle + 1;
      else high = middle;
    }
    return low === owner.length ? 0 : low;
  }

  /** Two instances may have a point in common, though 64 bits make it unlikely. */
  #amongEquals(first: number, key: string): K {
    const { hi, lo, owner } = this.#ring;
    let last = first;
    while (last + 1 < owner.length && hi[last + 1] === hi[first] && lo[last + 1] === lo[first]) last += 1;
    if (last === first) return owner[first]!;
    const { hi: high, lo: low } = murmur3(TIE + key);
    const index = Number(((BigInt(high) << 32n) | BigInt(low)) % BigInt(last - first + 1));
    return owner[first + index]!;
  }

  #newRing(instances: readonly (readonly [K, number])[]): Ring<K> {
    const size = instances.reduce((sum, [, count]) => sum + count, 0);
    if (size > MOST_SORTED && instances.length > 1) {
      const half = instances.length >> 1;
      const [a, b] = [this.#newRing(instances.slice(0, half)), this.#newRing(instances.slice(half))];
      return merge(a, b, this.#addressOf);
    }
    const hi = new Uint32Array(size);
    const lo = new Uint32Array(size);
    const owner: K[] = [];
    for (const [key, count] of instances) {
      const address = this.#addressOf(key);
      for (let i = 0; i < count; i++) {
        const point = murmur3(address + i, this.#hash);
        hi[owner.length] = point.hi;
        lo[owner.length] = point.lo;
        owner.push(key);
      }
    }
    const order = inOrder(hi, lo, (a, b) => (this.#addressOf(owner[a]!) < this.#addressOf(owner[b]!) ? -1 : 1));
    return {
      hi: hi.map((_, i) => hi[order[i]!]!),
      lo: lo.map((_, i) => lo[order[i]!]!),
      owner: Array.from(order, (i) => owner[i]!),
    };
  }
}

/**
 * The indexes of points in ascending order. Sorted are single numbers, of the upper half of a hash and the index: ten times as
 * fast as objects, and thousands of instances must not hold up the calls of others.
 */
function inOrder(hi: Uint32Array, lo: Uint32Array, byAddress: (a: number, b: number) => number): Uint32Array {
  const packed = Float64Array.from(hi, (half, i) => half * MOST_SORTED + i).sort();
  const order = Uint32Array.from(packed, (value) => value % MOST_SORTED);
  for (let from = 0, to = 1; from < order.length; from = to++) {
    while (to < order.length && hi[order[to]!] === hi[order[from]!]) to += 1;
    if (to > from + 1) order.subarray(from, to).sort((a, b) => lo[a]! - lo[b]! || byAddress(a, b));
  }
  return order;
}

/** Equal weights: as many as go-zero has. Else in proportion, as gRFC A76 has it. */
function pointsOf<K>(keys: ReadonlySet<K>, weightOf: (key: K) => number): Map<K, number> {
  const given = [...keys].map((key) => {
    const weight = weightOf(key);
    return [key, weight > 0 && weight < Number.POSITIVE_INFINITY ? weight : 1] as const;
  });
  // Proportions alone count; with the heaviest as 1 their sum is finite, and what is lighter than a point can show counts as that.
  const heaviest = given.reduce((most, [, weight]) => Math.max(most, weight), 0);
  const weights = given.map(([key, weight]) => [key, Math.max(weight / heaviest, 1 / LARGEST_RING)] as const);
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  const least = weights.reduce((lightest, [, weight]) => Math.min(lightest, weight), 1);
  if (weights.every(([, weight]) => weight === least)) return new Map(weights.map(([key]) => [key, POINTS]));
  const share = least / total;
  const ringSize = Math.min(Math.ceil(share * LEAST_RING) / share, Math.max(LARGEST_RING, keys.size));
  return new Map(weights.map(([key, weight]) => [key, Math.max(1, Math.round((weight / total) * ringSize))]));
}

function sameMap<K>(a: ReadonlyMap<K, number>, b: ReadonlyMap<K, number>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}

function keep<K>({ hi, lo, owner }: Ring<K>, wanted: (key: K) => boolean): Ring<K> {
  const kept = owner.map((_, i) => i).filter((i) => wanted(owner[i]!));
  return {
    hi: Uint32Array.from(kept, (i) => hi[i]!),
    lo: Uint32Array.from(kept, (i) => lo[i]!),
    owner: kept.map((i) => owner[i]!),
  };
}

/** Both rings in one, in time proportional to their points. Equal points stand in the order of their addresses. */
function merge<K>(a: Ring<K>, b: Ring<K>, addressOf: (key: K) => string): Ring<K> {
  const size = a.owner.length + b.owner.length;
  const hi = new Uint32Array(size);
  const lo = new Uint32Array(size);
  const owner: K[] = [];
  let i = 0;
  let j = 0;
  for (let at = 0; at < size; at++) {
    const fromA = j >= b.owner.length || (i < a.owner.length && comesFirst(a, i, b, j, addressOf));
    const [ring, index] = fromA ? [a, i++] : [b, j++];
    hi[at] = ring.hi[index]!;
    lo[at] = ring.lo[index]!;
    owner.push(ring.owner[index]!);
  }
  return { hi, lo, owner };
}

function comesFirst<K>(a: Ring<K>, i: number, b: Ring<K>, j: number, addressOf: (key: K) => string): boolean {
  if (a.hi[i] !== b.hi[j]) return a.hi[i]! < b.hi[j]!;
  if (a.lo[i] !== b.lo[j]) return a.lo[i]! < b.lo[j]!;
  return addressOf(a.owner[i]!) < addressOf(b.owner[j]!);
}
