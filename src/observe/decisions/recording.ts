import type { CalledService } from "../state.js";
import type { AttemptOutcome, ComparedInstance, Decision } from "./decision.js";

/** What `rollcall replay` reads: the decisions of one channel, and what its client was set to. */
export interface Recording {
  readonly schema: 1;
  readonly service: string;
  readonly recordedAt: number;
  readonly zone: string;
  readonly subset: number;
  readonly instances: readonly RecordedInstance[];
  readonly decisions: readonly Omit<Decision, "setAside">[];
}

export interface RecordedInstance {
  /** As decisions name it. */
  readonly id: string;
  readonly address: string;
  readonly zone: string | undefined;
  readonly weight: number;
  readonly distance: number;
}

export function recordingOf({ service, zone, subset, instances }: CalledService, decisions: Decision[]): Recording {
  return {
    schema: 1,
    service,
    recordedAt: Date.now(),
    zone,
    subset,
    instances: instances.map(({ id, address, zone, weight, distance }) => ({ id, address, zone, weight, distance })),
    decisions: decisions.map(({ setAside: _, ...decision }) => decision),
  };
}

/**
 * Reads a recording's JSON.
 * @throws TypeError that says what it is not.
 */
export function parseRecording(text: string): Recording {
  let read: Partial<Recording>;
  try {
    read = JSON.parse(text) as Partial<Recording>;
  } catch (error) {
    throw new TypeError(`the recording is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (read?.schema !== 1) {
    const found = JSON.stringify(read?.schema) ?? "nothing";
    throw new TypeError(`the recording's schema is ${found}; expected 1, as \`rollcall why --save\` writes it`);
  }
  if (!Array.isArray(read.decisions) || !Array.isArray(read.instances)) {
    throw new TypeError("the recording has no list of decisions or of instances");
  }
  for (const [list, isOne] of [["instances", isInstance] as const, ["decisions", isDecision] as const]) {
    const at = (read[list] as readonly unknown[]).findIndex((one) => !isOne(one as never));
    if (at >= 0) throw new TypeError(`the recording is damaged: ${list}[${at}] is none; record again`);
  }
  return read as Recording;
}

function isInstance(one: Partial<RecordedInstance> | null): boolean {
  return isText(one?.id) && isText(one?.address) && isAbove0(one?.weight) && isAbove0(one?.distance);
}

/** What is replayed: when a call came, who was compared, which instance it went to and how it ended. */
function isDecision(one: Partial<Decision> | null): boolean {
  const { at, instance, attempt, latencyMs, outcome, code = 0, method = "", compared } = one ?? {};
  const known = isTime(at) && isText(instance) && isText(method) && isAbove0(attempt) && Number.isInteger(code);
  const ends = outcome === "running" ? latencyMs === undefined : isTime(latencyMs) && ENDS.has(outcome);
  return known && ends && Array.isArray(compared) && compared.every(isCompared);
}

const ENDS: ReadonlySet<unknown> = new Set(["ok", "failed", "ignored"] satisfies AttemptOutcome[]);

function isCompared(one: Partial<ComparedInstance> | null): boolean {
  return isText(one?.instance) && isTime(one?.expectedMs) && isTime(one?.inFlight) && isAbove0(one?.distance);
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isAbove0(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) > 0;
}

/** Milliseconds that a clock can have said. */
function isTime(ms: unknown): boolean {
  return Number.isFinite(ms) && (ms as number) >= 0 && (ms as number) <= Number.MAX_SAFE_INTEGER;
}
