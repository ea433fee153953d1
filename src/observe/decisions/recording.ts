import type { CalledService } from "../state.js";
import type { Decision } from "./decision.js";

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
  if (read?.schema !== 1) throw new TypeError(`the recording's schema is ${JSON.stringify(read?.schema)}; expected 1`);
  if (!Array.isArray(read.decisions) || !Array.isArray(read.instances)) {
    throw new TypeError("the recording has no list of decisions or of instances");
  }
  return read as Recording;
}
