import { log } from "../log.js";

const told = new Set<string>();

/** Whether a variable of the environment switches something on. What is neither a yes nor a no is told once, and is a no. */
export function isSwitchedOn(name: string): boolean {
  const text = process.env[name]?.trim() ?? "";
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  if (!/^(0|false|no|off|)$/i.test(text)) tell(name, text, "1 or 0", "0");
  return false;
}

/** A whole number of 0 and more in a variable of the environment. What is none is told once. */
export function countFrom(name: string, fallback: number): number {
  const text = process.env[name]?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text);
  if (text !== "") tell(name, text, "a whole number", String(fallback));
  return fallback;
}

function tell(name: string, text: string, expected: string, taken: string): void {
  if (told.has(name)) return;
  told.add(name);
  log.warn({ wanted: text }, `$${name} is not ${expected}; it is taken for ${taken}`);
}
