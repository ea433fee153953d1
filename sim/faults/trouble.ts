import type { Fault, Kind } from "./fault.js";

const GONE: ReadonlySet<Kind["is"]> = new Set(["path is silent", "process freezes", "process is killed"]);

interface Condition {
  /** Faults that hold now. */
  active: number;
  /** Those of them that let nothing pass: whoever is called there does not answer, and can be known not to. */
  gone: number;
  /** When the last of them began or ended, in virtual milliseconds. */
  changedAt: number;
}

/** Since when something has been well or ill: places, and the ways between them. What happens to etcd alone is not counted. */
export class Trouble {
  readonly #conditions = new Map<string, Condition>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  begins({ what }: Fault): void {
    for (const subject of subjectsOf(what)) {
      const condition = this.#conditions.get(subject) ?? { active: 0, gone: 0, changedAt: 0 };
      this.#conditions.set(subject, condition);
      condition.active += 1;
      if (GONE.has(what.is)) condition.gone += 1;
      condition.changedAt = this.#now();
    }
  }

  ends({ what }: Fault): void {
    for (const subject of subjectsOf(what)) {
      const condition = this.#conditions.get(subject)!;
      condition.active -= 1;
      if (GONE.has(what.is)) condition.gone -= 1;
      condition.changedAt = this.#now();
    }
  }

  /** Whether nothing has gone wrong with any of these for so long, in milliseconds. */
  wellFor(ms: number, ...subjects: readonly string[]): boolean {
    return subjects.every((subject) => {
      const condition = this.#conditions.get(subject);
      return !condition || (condition.active === 0 && this.#now() - condition.changedAt > ms);
    });
  }

  /** Whether one of these has been gone for so long without a change. */
  goneFor(ms: number, ...subjects: readonly string[]): boolean {
    return subjects.some((subject) => {
      const condition = this.#conditions.get(subject);
      return condition !== undefined && condition.gone > 0 && this.#now() - condition.changedAt > ms;
    });
  }
}

export function pathBetween(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

function subjectsOf(what: Kind): string[] {
  if ("place" in what) return what.is === "clock jumps" ? [] : [what.place];
  return "a" in what ? [pathBetween(what.a, what.b)] : [];
}
