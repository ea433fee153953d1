/** What a pick knew of one of the instances it compared. */
export interface ComparedInstance {
  readonly instance: string;
  /** What was compared: the least one is chosen. Of no unit; comparable within one decision only. */
  readonly load: number;
  /** Expected latency of a call there, in milliseconds; 0 while nobody knows. */
  readonly expectedMs: number;
  /** Calls in flight there, this one not among them. */
  readonly inFlight: number;
  /** How likely a call there is to fail, 0 to 1. */
  readonly failureRate: number;
  /** How many times dearer a call there is than nearby. */
  readonly distance: number;
  /** Its share of the traffic by weight, the mean being 1. */
  readonly share: number;
}

/** An instance that no call may go to, and why. */
export interface SetAside {
  readonly instance: string;
  readonly why: string;
}

/** How an attempt ended: `failed` counts against its instance, `ignored` says nothing of it (the caller gave up, NOT_FOUND, ...). */
export type AttemptOutcome = "running" | "ok" | "failed" | "ignored";

/** One pick, as the flight recorder keeps it. */
export interface Decision {
  /** Counts the picks of the process. */
  readonly seq: number;
  /** Milliseconds since the epoch, with fractions. */
  readonly at: number;
  readonly service: string;
  /** Path of the method; empty where the resolver is not Rollcall's. */
  readonly method: string;
  readonly instance: string;
  readonly compared: readonly ComparedInstance[];
  /** Whether it was chosen to find out how it does, although another one had less load. */
  readonly probe: boolean;
  /** Those that no call could go to; the first fifty. */
  readonly setAside: readonly SetAside[];
  /** 1 for a call's first attempt. */
  readonly attempt: number;
  readonly outcome: AttemptOutcome;
  /** gRPC status code; undefined while it runs. */
  readonly code: number | undefined;
  /** Until its first message, or its end where none came, in milliseconds; undefined while it runs. */
  readonly latencyMs: number | undefined;
}
