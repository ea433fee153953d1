import { parseArgs } from "node:util";
import { wholeNumber } from "../support/whole-number.js";

const OPTIONS = {
  /** Servers: a session, a lease and a key each. */
  servers: { type: "string", default: "2000" },
  /** Clients: a session each. */
  clients: { type: "string", default: "200" },
  /** Services, all of which each client watches. */
  services: { type: "string", default: "50" },
  /** Instances of the large service. */
  instances: { type: "string", default: "100000" },
  /** Sizes that are measured on the way to the largest, each half of the next. */
  steps: { type: "string", default: "4" },
  /** How long an upkeep is measured, in seconds. */
  seconds: { type: "string", default: "10" },
  /** Some parts only, with commas between them. */
  parts: { type: "string" },
  /** Fills docs/scaling.md and its chart, with all parts only. */
  write: { type: "boolean", default: false },
} as const;

export const PARTS = ["upkeep", "renewals", "changes", "reconnects", "storms", "logins", "members", "large"] as const;
export type Part = (typeof PARTS)[number];

export interface Sizes {
  readonly servers: number;
  readonly clients: number;
  readonly services: number;
  readonly instances: number;
  readonly steps: number;
  readonly forMs: number;
  readonly write: boolean;
  wants(part: Part): boolean;
}

/** @throws Error that names the flag and the expected form. */
export function sizes(args: readonly string[]): Sizes {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const named = values.parts?.split(",");
  const unknown = named?.find((name) => !PARTS.some((part) => part === name));
  if (unknown !== undefined) throw new Error(`--parts: no part "${unknown}", there are ${PARTS.join(", ")}`);
  if (named && values.write) throw new Error("--write fills the page with all parts: leave out --parts");
  return {
    servers: wholeNumber("servers", values.servers),
    clients: wholeNumber("clients", values.clients),
    services: wholeNumber("services", values.services),
    instances: wholeNumber("instances", values.instances),
    steps: wholeNumber("steps", values.steps),
    forMs: wholeNumber("seconds", values.seconds) * 1_000,
    write: values.write,
    wants: (part) => named === undefined || named.includes(part),
  };
}

/** So many sizes up to the largest, each half of the next. */
export function halvings(most: number, steps: number): number[] {
  return growing(most, steps, 2);
}

/** So many sizes up to the largest, each a tenth of the next. */
export function tenths(most: number, steps: number): number[] {
  return growing(most, steps, 10);
}

function growing(most: number, steps: number, times: number): number[] {
  const all = Array.from({ length: steps }, (_, i) => Math.max(1, Math.round(most / times ** (steps - 1 - i))));
  return [...new Set(all)];
}
