/** How one call of a trial went. Times are in milliseconds since the epoch. */
export interface CallRecord {
  readonly startedAt: number;
  /** Undefined: it had not ended when the trial was over. */
  readonly endedAt?: number;
  /** Who answered; undefined where nobody did. */
  readonly instance?: string;
  /** Name of the gRPC status it ended with. */
  readonly code?: string;
}

/** When what happened. Times are in milliseconds since the epoch. */
export interface Timeline {
  /** From here on calls count. */
  readonly faultAt: number;
  /** Undefined where the fault lasts. */
  readonly healedAt?: number;
  readonly endedAt: number;
  /** The address of the instance that the fault hits; undefined where it hits all or none. */
  readonly victim?: string;
}

/** What a fault did to the calls of one client. Times are in milliseconds. */
export interface Figures {
  readonly calls: number;
  /** Ended with an error, or not at all. */
  readonly failed: number;
  /** How many ended with which status other than OK; "never ended" for those that did not. */
  readonly codes: Readonly<Record<string, number>>;
  /** The longest time in which no call ended well. */
  readonly longestGapMs: number;
  /** The longest call, whatever came of it. */
  readonly longestCallMs: number;
  /** From the beginning of the fault to the start of the last call that failed. */
  readonly lastFailureMs?: number;
  /** From the end of the fault until the victim (or, without one, anybody) answered a call that began after it. */
  readonly backAfterMs?: number;
}

export function figures(records: readonly CallRecord[], { faultAt, healedAt, endedAt, victim }: Timeline): Figures {
  const counted = records.filter((call) => (call.endedAt ?? endedAt) >= faultAt);
  const failures = counted.filter(({ instance }) => instance === undefined);
  const codes: Record<string, number> = {};
  for (const { code, endedAt: at } of failures) {
    const name = at === undefined ? "never ended" : (code ?? "UNKNOWN");
    codes[name] = (codes[name] ?? 0) + 1;
  }
  const answers = counted.filter(({ instance }) => instance !== undefined).map((call) => call.endedAt!);
  const moments = [faultAt, ...answers.sort((a, b) => a - b), endedAt];
  const gaps = moments.slice(1).map((at, i) => at - moments[i]!);
  const back =
    healedAt === undefined
      ? []
      : counted
          .filter((call) => call.startedAt >= healedAt && call.instance && (!victim || call.instance === victim))
          .map((call) => call.endedAt! - healedAt);
  return {
    calls: counted.length,
    failed: failures.length,
    codes,
    longestGapMs: Math.max(...gaps),
    longestCallMs: Math.max(0, ...counted.map((call) => (call.endedAt ?? endedAt) - call.startedAt)),
    ...(failures.length > 0 && {
      lastFailureMs: Math.max(0, Math.max(...failures.map(({ startedAt }) => startedAt)) - faultAt),
    }),
    ...(back.length > 0 && { backAfterMs: Math.min(...back) }),
  };
}
