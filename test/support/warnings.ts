import { setLogger } from "../../src/log.js";

export interface Line {
  readonly message: string;
  readonly service?: string;
}

/** Gathers what is logged as a warning, of one service or of all, from now on. One gatherer at a time. */
export function gatherWarnings(service?: string): Line[] {
  const lines: Line[] = [];
  const silent = () => {};
  const warn = (facts: object, message: string) => {
    const line: Line = { message, ...facts };
    if (service === undefined || line.service === service) lines.push(line);
  };
  setLogger({ debug: silent, info: silent, error: silent, warn });
  return lines;
}
