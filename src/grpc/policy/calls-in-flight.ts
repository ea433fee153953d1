/** How many calls are at each instance, from their picks to their ends. */
export class CallsInFlight {
  readonly #at = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  at(instance: string): number {
    return this.#at.get(instance) ?? 0;
  }

  add(instance: string): void {
    this.#total += 1;
    this.#at.set(instance, this.at(instance) + 1);
  }

  remove(instance: string): void {
    this.#total -= 1;
    const left = this.at(instance) - 1;
    if (left > 0) this.#at.set(instance, left);
    else this.#at.delete(instance);
  }

  /** Instances that have calls, with their number. */
  entries(): Iterable<[instance: string, calls: number]> {
    return this.#at;
  }
}
