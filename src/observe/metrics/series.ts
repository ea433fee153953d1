/** Which calls. What does not apply is empty, or 0. */
export interface SeriesOf {
  readonly target: string;
  readonly method: string;
  /** gRPC's status code. */
  readonly code: number;
}

/** What is kept for each target, method and status code, found without making a text of the three: it is done for every call. */
export class Series<T> {
  readonly #make: (of: SeriesOf) => T;
  readonly #found = new Map<string, Map<string, Map<number, T>>>();

  constructor(make: (of: SeriesOf) => T) {
    this.#make = make;
  }

  of(target: string, method: string, code: number): T {
    return this.#found.get(target)?.get(method)?.get(code) ?? this.#add(target, method, code);
  }

  *[Symbol.iterator](): Generator<readonly [SeriesOf, T]> {
    for (const [target, methods] of this.#found)
      for (const [method, codes] of methods) for (const [code, kept] of codes) yield [{ target, method, code }, kept];
  }

  #add(target: string, method: string, code: number): T {
    const methods = this.#found.get(target) ?? new Map<string, Map<number, T>>();
    const codes = methods.get(method) ?? new Map<number, T>();
    const made = this.#make({ target, method, code });
    this.#found.set(target, methods.set(method, codes.set(code, made)));
    return made;
  }
}
