/** What is the matter with an instance. */
export interface Condition {
  /** How many calls it works at at a time; the others wait in the order of their arrival. */
  readonly workers: number;
  /** Work takes this many times as long. */
  readonly slower: number;
  /** "fails": at once, with INTERNAL. "hangs": takes calls and never answers. */
  readonly calls: "answered" | "fail" | "hang";
}

interface Job {
  readonly ms: number;
  readonly isWanted: () => boolean;
  readonly done: () => void;
}

/** The workers of one instance and the queue before them. They sleep by timers, so a fleet of them needs no processor. */
export class Workers {
  #condition: Condition;
  #waiting: Job[] = [];
  readonly #running = new Set<NodeJS.Timeout>();

  constructor(condition: Condition) {
    this.#condition = condition;
  }

  get condition(): Condition {
    return this.#condition;
  }

  /** Holds for work begun from now on. */
  become(condition: Condition): void {
    this.#condition = condition;
    this.#next();
  }

  /** Forgets all work, as when the process had been started anew. */
  clear(): void {
    for (const timer of this.#running) clearTimeout(timer);
    this.#running.clear();
    this.#waiting = [];
  }

  /** @param isWanted asked when a worker is free: work whose caller has gone is not begun. */
  work(ms: number, isWanted: () => boolean, done: () => void): void {
    this.#waiting.push({ ms, isWanted, done });
    this.#next();
  }

  #next(): void {
    while (this.#running.size < this.#condition.workers) {
      const job = this.#waiting.shift();
      if (!job) return;
      if (!job.isWanted()) continue;
      const timer = setTimeout(() => {
        this.#running.delete(timer);
        job.done();
        this.#next();
      }, job.ms * this.#condition.slower);
      this.#running.add(timer);
    }
  }
}
