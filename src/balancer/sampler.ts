/** Draws indexes in proportion to weights in constant time: the alias method (Walker 1974, built after Vose 1991). */
export class Sampler {
  readonly #keep: Float64Array;
  readonly #alias: Uint32Array;

  constructor(weights: readonly number[]) {
    const n = weights.length;
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const keep = Float64Array.from(weights, (weight) => (weight / total) * n);
    const alias = Uint32Array.from(weights, (_, i) => i);
    const small: number[] = [];
    const large: number[] = [];
    for (let i = 0; i < n; i++) (keep[i]! < 1 ? small : large).push(i);
    while (small.length > 0 && large.length > 0) {
      const less = small.pop()!;
      const more = large[large.length - 1]!;
      alias[less] = more;
      keep[more]! -= 1 - keep[less]!;
      if (keep[more]! < 1) small.push(large.pop()!);
    }
    // What rounding has left over keeps its own column.
    for (const i of [...small, ...large]) keep[i] = 1;
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
