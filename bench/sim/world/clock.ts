import { Agenda } from "./agenda.js";

/** Virtual time: it stands still while something happens, and then goes on to what happens next. In milliseconds. */
export class Clock {
  now = 0;
  readonly #agenda = new Agenda();
  readonly #actions: (() => void)[] = [];
  readonly #free: number[] = [];

  /** Runs the action at this time. */
  at(time: number, action: () => void): void {
    const item = this.#free.pop() ?? this.#actions.length;
    this.#actions[item] = action;
    this.#agenda.add(time, item);
  }

  after(delay: number, action: () => void): void {
    this.at(this.now + delay, action);
  }

  /** Until nothing is left to happen. */
  run(): void {
    while (this.#agenda.size > 0) {
      this.now = this.#agenda.nextTime;
      const item = this.#agenda.take();
      const action = this.#actions[item]!;
      this.#free.push(item);
      action();
    }
  }
}
