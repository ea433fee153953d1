import { setLogger } from "../../src/log.js";
import { until } from "../support/until.js";

export interface Line {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly service?: string;
}

/** What is logged at info and above from now on, in order, of one service or of all. One gatherer at a time. */
export class LogLines {
  readonly lines: Line[] = [];

  constructor(service?: string) {
    const gather = (level: Line["level"]) => (fields: object, message: string) => {
      const line: Line = { level, message, ...fields };
      if (service !== undefined && line.service !== service) return;
      this.lines.push(line);
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
    await until(() => this.matching(pattern).length > 0, `a line matches ${pattern}`);
    return this.matching(pattern)[0]!;
  }
}
