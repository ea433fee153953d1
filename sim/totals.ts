import type { Schedule } from "./faults/fault.js";
import type { Outcome } from "./run.js";

/** What many runs add up to. */
export class Totals {
  schedules = 0;
  faults = 0;
  calls = 0;
  failedCalls = 0;
  violations = 0;
  virtualMs = 0;
  readonly #settled: number[] = [];

  add({ faults }: Schedule, outcome: Outcome): void {
    this.schedules += 1;
    this.faults += faults.length;
    this.calls += outcome.calls;
    this.failedCalls += outcome.failedCalls;
    this.virtualMs += outcome.virtualMs;
    if (outcome.violation) this.violations += 1;
    if (outcome.settledMs !== undefined) this.#settled.push(outcome.settledMs);
  }

  /** How long after the last fault all was well, in seconds: at the median, in 99 of 100 schedules, and at most. */
  get settledS(): { median: number; p99: number; most: number } {
    const sorted = [...this.#settled].sort((a, b) => a - b);
    const at = (share: number) => (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0) / 1_000;
    return { median: at(0.5), p99: at(0.99), most: at(1) };
  }

  /** @param realMs that passed, of which the processor worked `cpuMs` */
  lines(realMs: number, cpuMs: number): string[] {
    const { median, p99, most } = this.settledS;
    const hours = (this.virtualMs / 3_600_000).toFixed(1);
    return [
      `schedules ${this.schedules}, faults injected ${this.faults}, calls made ${this.calls} (${this.failedCalls} failed, each with a reason)`,
      `all well again after the last fault: median ${median} s, 99 % within ${p99} s, at most ${most} s`,
      `simulated ${hours} h in ${(realMs / 1_000).toFixed(1)} s: ${Math.round(this.virtualMs / realMs)} times as fast, ${Math.round(this.virtualMs / cpuMs)} by processor time`,
      `violations ${this.violations}`,
    ];
  }
}
