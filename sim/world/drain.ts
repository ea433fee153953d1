import { real } from "./globals.js";

/** Resolves when all microtasks, and theirs, are done. */
export function drain(): Promise<void> {
  return new Promise((resolve) => real.setImmediate(resolve));
}
