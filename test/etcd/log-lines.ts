import { setLogger } from "../../src/log.js";

export interface Line {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly service?: string;
}

/** What is logged at info and above from now on, in order, of one service or of all. One gatherer at a time. */
export class LogLines {
  readonly lines: Line[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(service?: string) {
    const gather = (level: Line["level"]) => (fields: object, message: string) => {
      const line: Line = { level, message, ...fields };
      if (service !== undefined && line.service !== service) return;
      this.lines.push(line);
      for (const wake of this.#waiting) wake();
      this.#waiting.clear();
    };
    setLogger({ debug: () => {}, info: gather("info"), warn: gather("warn"), error: gather("error") });
  }

  get warnings(): string[] {
    return this.lines.filter(({ level }) => level === "warn").map(({ message }) => message);
  }

  matching(pattern: RegExp): string[] {
    return this.lines.map(({ message }) => message).filter((message) => pattern.test(message));
  }

  /** Resolves with the first line, from now or before, that matches. */
  async until(pattern: RegExp): Promise<string> {
    for (;;) {
      const [found] = this.matching(pattern);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }
}
