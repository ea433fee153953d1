import type { Decision } from "./decision.js";
import type { CalledService } from "./state.js";

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
    instances: instances.map(({ address, zone, weight, distance }) => ({ address, zone, weight, distance })),
    decisions: decisions.map(({ setAside: _, ...decision }) => decision),
  };
}
