import { EventEmitter } from "node:events";

/** What came of one call. */
export interface Outcome {
  /** Who answered; undefined when nobody did. */
  readonly instance?: string;
  /** gRPC status by its Go name, for example `DeadlineExceeded`. */
  readonly code: string;
  readonly error?: string;
  /** Time the caller gave the call, as the server saw it. */
  readonly deadlineMs?: number;
  /** How long the call took, in milliseconds. */
  readonly ms?: number;
  /** What was answered, as the test's program prints it. */
  readonly reply?: Readonly<Record<string, unknown>>;
  /** Details of the status, each as JSON. */
  readonly details?: readonly Readonly<Record<string, unknown>>[];
}

/** How many calls in a row have to go right before traffic counts as settled. */
const SETTLED_CALLS = 100;

/** The outcomes of calls that somebody makes without pause. */
export class Traffic extends EventEmitter<{ call: [Outcome] }> {
  readonly failures: Outcome[] = [];
  calls = 0;

  record(outcome: Outcome): void {
    this.calls += 1;
    if (outcome.code !== "OK") this.failures.push(outcome);
    this.emit("call", outcome);
  }

  /** The next call that ends. */
  next(): Promise<Outcome> {
    return new Promise((resolve) => this.once("call", resolve));
  }

  /** Resolves once each of these instances has answered and, for 100 calls in a row, nobody else and no error has. */
  settleOn(...instances: string[]): Promise<void> {
    const wanted = new Set(instances);
    const seen = new Set<string>();
    let inARow = 0;
    return new Promise((resolve) => {
      const look = ({ instance, code }: Outcome) => {
        const right = code === "OK" && instance !== undefined && wanted.has(instance);
        inARow = right ? inARow + 1 : 0;
        if (right) seen.add(instance);
        if (inARow < SETTLED_CALLS || seen.size < wanted.size) return;
        this.off("call", look);
        resolve();
      };
      this.on("call", look);
    });
  }
}
