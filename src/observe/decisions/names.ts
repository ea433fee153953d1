/** So many names are kept before those that nobody uses are looked for. */
const ROOM = 4_096;

/** Numbers for names, so that a name costs four bytes wherever it is kept. Names no longer used are forgotten. */
export class Names {
  readonly #ids = new Map<string, number>();
  /** Number 0 is no name. */
  readonly #names: (string | undefined)[] = [undefined];
  readonly #free: number[] = [];

  get size(): number {
    return this.#ids.size;
  }

  id(name: string): number {
    return this.#ids.get(name) ?? this.#add(name);
  }

  /** Empty for a number that means none. */
  name(id: number): string {
    return this.#names[id] ?? "";
  }

  /** Forgets what is not marked, once there are many. */
  sweep(markUsed: (mark: (id: number) => void) => void): void {
    if (this.#ids.size <= ROOM) return;
    const used = new Uint8Array(this.#names.length);
    markUsed((id) => {
      used[id] = 1;
    });
    for (const [name, id] of this.#ids) {
      if (used[id] === 1) continue;
      this.#ids.delete(name);
      this.#names[id] = undefined;
      this.#free.push(id);
    }
  }

  #add(name: string): number {
    const id = this.#free.pop() ?? this.#names.length;
    this.#names[id] = name;
    this.#ids.set(name, id);
    return id;
  }
}
