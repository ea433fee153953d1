import type { Process } from "./process.js";

/** In a turn of Node's event loop timers come first, then input, then immediates. */
export const Phase = { timers: 0, input: 1, immediates: 2 } as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

export interface Task {
  atMs: number;
  readonly phase: Phase;
  seq: number;
  readonly owner: Process | undefined;
  /** Undefined once it has run or was cancelled. */
  run: (() => void) | undefined;
}

/** Virtual time: tasks run one by one in the order of their time, each with all microtasks that it causes. */
export class Scheduler {
  #now = 0;
  #seq = 0;
  #heap: Task[] = [];
  /** Tasks of frozen processes that are due. */
  readonly #held = new Map<Process, Task[]>();
  #current: Process | undefined;
  #ran = 0;

  /** Milliseconds since the beginning. */
  get now(): number {
    return this.#now;
  }

  /** The process whose task is running, and to whom belongs what it starts; undefined for the world itself. */
  get current(): Process | undefined {
    return this.#current;
  }

  get ran(): number {
    return this.#ran;
  }

  at(atMs: number, phase: Phase, owner: Process | undefined, run: () => void): Task {
    const task: Task = { atMs: Math.max(atMs, this.#now), phase, seq: this.#seq++, owner, run };
    if (owner) owner.pending += 1;
    push(this.#heap, task);
    return task;
  }

  after(ms: number, owner: Process | undefined, run: () => void, phase: Phase = Phase.input): Task {
    return this.at(this.#now + ms, phase, owner, run);
  }

  cancel(task: Task): void {
    if (task.run === undefined) return;
    task.run = undefined;
    if (task.owner) task.owner.pending -= 1;
  }

  /** Does something as a process: what it starts at once is that process's; what promises bring about later is the task's. */
  as<T>(owner: Process | undefined, work: () => T): T {
    const before = this.#current;
    this.#current = owner;
    try {
      return work();
    } finally {
      this.#current = before;
    }
  }

  /** What was due while the process was frozen is done now, in the order of a turn of its event loop. */
  thawed(owner: Process): void {
    const held = this.#held.get(owner) ?? [];
    this.#held.delete(owner);
    held.sort((a, b) => a.phase - b.phase || a.atMs - b.atMs || a.seq - b.seq);
    for (const task of held) {
      task.atMs = this.#now;
      task.seq = this.#seq++;
      push(this.#heap, task);
    }
  }

  /**
   * Runs what there is until a time. @param drain resolves when the microtasks of a task are done; @param each is called after
   * every task, and ends the run by returning true.
   */
  async run(untilMs: number, drain: () => Promise<void>, each: () => boolean): Promise<void> {
    for (;;) {
      const task = this.#heap[0];
      if (!task || task.atMs > untilMs) break;
      pop(this.#heap);
      const { owner, run } = task;
      if (!run) continue;
      this.#now = task.atMs;
      if (owner?.state === "dead") continue;
      if (owner?.state === "frozen") {
        const held = this.#held.get(owner);
        if (held) held.push(task);
        else this.#held.set(owner, [task]);
        continue;
      }
      task.run = undefined;
      if (owner) owner.pending -= 1;
      this.#ran += 1;
      this.#current = owner;
      run();
      await drain();
      this.#current = undefined;
      if (each()) return;
    }
    this.#now = Math.max(this.#now, untilMs);
  }
}

function before(a: Task, b: Task): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  return a.phase !== b.phase ? a.phase < b.phase : a.seq < b.seq;
}

function push(heap: Task[], task: Task): void {
  let at = heap.length;
  heap.push(task);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!before(task, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = task;
}

function pop(heap: Task[]): void {
  const last = heap.pop()!;
  if (heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1;
    if (!before(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
}
