import { cpus } from "node:os";

/** What a benchmark ran on, as its page says it: `2 cores (name of the processor)`. */
export function cores(): string {
  const { length, 0: cpu } = cpus();
  return `${length} cores (${cpu?.model.trim() ?? "unknown"})`;
}
