/** A histogram: how many values each bucket has, and their sum. Adding one costs some nanoseconds and no memory. */
export class Buckets {
  /** Values up to and including each bound; ascending. */
  readonly bounds: readonly number[];
  /** Of each bucket alone; the last one is of what is above all bounds. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  add(value: number): void {
    let [low, high] = [0, this.bounds.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value <= this.bounds[middle]!) high = middle;
      else low = middle + 1;
    }
    this.counts[low]! += 1;
    this.sum += value;
  }
}
