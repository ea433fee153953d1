/** Draws indexes in proportion to weights in constant time: the alias method (Walker 1974, built after Vose 1991). */
export class Sampler {
  readonly #keep: Float64Array;
  readonly #alias: Uint32Array;

  constructor(weights: ArrayLike<number>) {
    const n = weights.length;
    let total = 0;
    for (let i = 0; i < n; i++) total += weights[i]!;
    const keep = new Float64Array(n);
    const alias = new Uint32Array(n);
    // The small ones from the front, the large ones from the back.
    const open = new Uint32Array(n);
    let smalls = 0;
    let larges = n;
    for (let i = 0; i < n; i++) {
      keep[i] = (weights[i]! / total) * n;
      alias[i] = i;
      if (keep[i]! < 1) open[smalls++] = i;
      else open[--larges] = i;
    }
    while (smalls > 0 && larges < n) {
      const less = open[--smalls]!;
      const more = open[larges]!;
      alias[less] = more;
      keep[more]! -= 1 - keep[less]!;
      if (keep[more]! < 1) {
        larges += 1;
        open[smalls++] = more;
      }
    }
    // What rounding has left over keeps its own column.
    while (smalls > 0) keep[open[--smalls]!] = 1;
    while (larges < n) keep[open[larges++]!] = 1;
    this.#keep = keep;
    this.#alias = alias;
  }

  /** The index for a number drawn from [0, 1). */
  index(drawn: number): number {
    const at = drawn * this.#keep.length;
    const column = Math.floor(at);
    return at - column < this.#keep[column]! ? column : this.#alias[column]!;
  }
}
