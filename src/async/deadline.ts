/** Aborts with its parent, or with a reason in words when the time given runs out first. */
export class Deadline {
  readonly #abort = new AbortController();
  readonly #parent: AbortSignal;
  #timer: NodeJS.Timeout | undefined;

  constructor(parent: AbortSignal) {
    this.#parent = parent;
    if (parent.aborted) this.#follow();
    else parent.addEventListener("abort", this.#follow, { once: true });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Gives so many milliseconds from now, in place of what was left. */
  set(ms: number, reason: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#abort.abort(new Error(reason)), ms);
  }

  /** Never aborts any more. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#parent.removeEventListener("abort", this.#follow);
  }

  readonly #follow = (): void => this.#abort.abort(this.#parent.reason);
}
