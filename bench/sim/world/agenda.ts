/** What is due when: a binary heap of times, each with a number that says what it is. Ties come out in any order. */
export class Agenda {
  #times: number[] = [];
  #items: number[] = [];

  get size(): number {
    return this.#times.length;
  }

  get nextTime(): number {
    return this.#times[0]!;
  }

  add(time: number, item: number): void {
    const times = this.#times;
    const items = this.#items;
    let i = times.length;
    times.push(time);
    items.push(item);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (times[parent]! <= time) break;
      times[i] = times[parent]!;
      items[i] = items[parent]!;
      i = parent;
    }
    times[i] = time;
    items[i] = item;
  }

  /** Removes the earliest and returns its item. */
  take(): number {
    const times = this.#times;
    const items = this.#items;
    const first = items[0]!;
    const time = times.pop()!;
    const item = items.pop()!;
    const size = times.length;
    if (size === 0) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= size) break;
      if (child + 1 < size && times[child + 1]! < times[child]!) child += 1;
      if (times[child]! >= time) break;
      times[i] = times[child]!;
      items[i] = items[child]!;
      i = child;
    }
    times[i] = time;
    items[i] = item;
    return first;
  }
}
