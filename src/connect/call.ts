import type { DescMethod } from "@bufbuild/protobuf";

/** The longest that a call can be given, 27.7 hours: gRPC's header has room for eight digits. */
export const LONGEST_MS = 99_999_999;

/** One call: what is asked for, its signal and its time. */
export interface Call {
  /** The path of its method. */
  readonly kind: string;
  readonly signal: AbortSignal;
  /** In milliseconds of performance.now; undefined for none. */
  readonly deadline: number | undefined;
  /** Whether what the caller sends has failed by itself; of calls that send a stream. */
  readonly inputFailed?: () => boolean;
}

/** What is left of the time, as a whole number of milliseconds: servers misread fractions. */
export function timeLeft(deadline: number | undefined): number | undefined {
  if (deadline === undefined) return undefined;
  return Math.max(1, Math.ceil(deadline - performance.now()));
}

export function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}
