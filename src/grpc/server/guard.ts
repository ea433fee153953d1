import * as grpc from "@grpc/grpc-js";
import { systemTiming } from "../../async/timing.js";
import { Breaker } from "../../balancer/overload/breaker.js";
import { SERVER_DEFAULTS, SERVER_MIDDLEWARE_DEFAULTS } from "../../defaults.js";
import { watchProcessLoad } from "../../lifecycle/overload/process-load.js";
import { type RefusalReason, ShedReport } from "../../lifecycle/overload/shed-report.js";
import { type Criticality, Shedding } from "../../lifecycle/overload/shedding.js";
import { observeRefusedCall } from "../../observe/calls/served-call.js";
import { anyMethodOf } from "../any-method-of.js";
import { PUSHBACK } from "../pushback.js";
import { deadlineOf, endOfCancelled, isHealthCall, isUnary } from "./served-method.js";

export interface OverloadOptions {
  /** For the log. Default none. */
  readonly name?: string | undefined;
  /** Busy is so many thousandths of the event loop's time, or of the CPUs', 1 to 999; 0 refuses nothing. Default 900. */
  readonly cpuThreshold?: number | undefined;
  /** Whether calls of a method that mostly fails are answered UNAVAILABLE without its handler, most of them. Default true. */
  readonly breaker?: boolean | undefined;
  /** How important calls are, by `/package.Service/Method` or `/package.Service/*`. Default all the same. */
  readonly criticality?: ReadonlyMap<string, Criticality> | undefined;
  /** Whether metrics count the calls that are refused, as they count others. Default true. */
  readonly metrics?: boolean | undefined;
}

/**
 * Refuses calls before their handlers when the server is full, for grpc-js servers that createServer has not made:
 * `new grpc.Server({ interceptors: [overloadProtection()] })`, as the first of the interceptors. What createServer makes has it
 * already. docs/overload.md has the rules.
 * @throws TypeError when cpuThreshold is no whole number from 0 to 999.
 */
export function overloadProtection(options: OverloadOptions = {}): grpc.ServerInterceptor {
  return new Guard(options).interceptor;
}

/** Samples of the load without a call after which nobody watches it: a minute. */
const IDLE_SAMPLES = 600;

const BREAKER_OPEN = {
  code: grpc.status.UNAVAILABLE,
  details: "circuit breaker is open: most calls of this method fail",
};
const LATE = { code: grpc.status.DEADLINE_EXCEEDED, details: "the deadline passed before the server came to the call" };

type Method = grpc.ServerMethodDefinition<unknown, unknown>;
type Call = grpc.ServerInterceptingCallInterface;
type Refusal = Parameters<Call["sendStatus"]>[0];

/** Which calls of a server reach their handlers. */
class Guard {
  readonly #shedding: Shedding | undefined;
  readonly #breakers: Map<string, Breaker> | undefined;
  readonly #criticality: ReadonlyMap<string, Criticality>;
  readonly #report: ShedReport;
  readonly #metrics: boolean;
  #idleSamples = 0;
  #unwatch: (() => void) | undefined;

  constructor({ name, cpuThreshold, breaker, criticality, metrics = true }: OverloadOptions) {
    const thousandths = cpuThreshold ?? SERVER_DEFAULTS.CpuThreshold;
    if (!Number.isInteger(thousandths) || thousandths < 0 || thousandths > 999) {
      throw new TypeError(`cpuThreshold is ${thousandths}; expected thousandths from 1 to 999, or 0 for none`);
    }
    const now = () => performance.now();
    this.#shedding = thousandths > 0 ? new Shedding({ threshold: thousandths / 1_000, now }) : undefined;
    this.#breakers = (breaker ?? SERVER_MIDDLEWARE_DEFAULTS.Breaker) ? new Map() : undefined;
    this.#criticality = criticality ?? new Map();
    this.#metrics = metrics;
    this.#report = new ShedReport(systemTiming, () => ({ ...(name !== undefined && { name }), ...this.#facts() }));
  }

  readonly interceptor: grpc.ServerInterceptor = (method, call) => {
    // Whether the server lives is always answered, or those who ask would take a full server for a dead one.
    if (isHealthCall(method.path)) return new grpc.ServerInterceptingCall(call);
    this.#watch();
    const pushback = this.#pushback(method);
    if (pushback !== undefined) return this.#refuse(call, method, "full", full(pushback));
    // After it: the one call a second that a breaker lets pass is to reach its handler.
    const breaker = this.#breakerOf(method.path);
    if (breaker && !breaker.allows()) {
      breaker.dropped();
      return this.#refuse(call, method, "failing", BREAKER_OPEN);
    }
    return this.#admit(call, method, breaker);
  };

  /** As for go-zero, a stream is no measure of anything, and is refused only where it was asked for. */
  #pushback(method: Method): number | undefined {
    const criticality = this.#criticalityOf(method.path);
    return isUnary(method) || criticality ? this.#shedding?.refusal(criticality) : undefined;
  }

  #criticalityOf(path: string): Criticality | undefined {
    if (this.#criticality.size === 0) return undefined;
    return this.#criticality.get(path) ?? this.#criticality.get(anyMethodOf(path));
  }

  #admit(call: Call, method: Method, breaker: Breaker | undefined): grpc.ServerInterceptingCall {
    const shedding = isUnary(method) ? this.#shedding : undefined;
    const deadline = deadlineOf(call);
    let began = 0;
    const end = (code: grpc.status) => {
      if (began === 0) return;
      shedding?.end(isWork(code) ? performance.now() - began : undefined);
      breaker?.ended(code);
      began = 0;
    };
    return new grpc.ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, goOn) => {
            // Not before: of a call whose connection broke meanwhile nothing more is heard.
            began = performance.now();
            shedding?.begin();
            goOn(metadata);
          },
          onReceiveHalfClose: (goOn) => {
            // The caller has given up: what is left of the time is for those who still wait.
            if (method.requestStream || began === 0 || performance.now() <= deadline) return goOn();
            end(grpc.status.CANCELLED);
            this.#report.refused("late", method.path);
            call.sendStatus(LATE);
          },
          // Also when grpc-js has ended it at its deadline. Until then, and no longer, its caller wanted a stream of answers.
          onCancel: () => end(method.responseStream ? grpc.status.CANCELLED : endOfCancelled(deadline).code),
        }),
      sendStatus: (status, next) => {
        end(status.code ?? grpc.status.OK);
        next(status);
      },
    });
  }

  /** Answers without reading the request. */
  #refuse(call: Call, method: Method, reason: RefusalReason, status: Refusal): grpc.ServerInterceptingCall {
    this.#report.refused(reason, method.path);
    if (this.#metrics) observeRefusedCall(method.path, status.code!);
    return new grpc.ServerInterceptingCall(call, { start: () => call.sendStatus(status) });
  }

  #breakerOf(path: string): Breaker | undefined {
    if (!this.#breakers) return undefined;
    let breaker = this.#breakers.get(path);
    if (!breaker) {
      breaker = new Breaker();
      this.#breakers.set(path, breaker);
    }
    return breaker;
  }

  /** Follows the load as long as there are calls. */
  #watch(): void {
    this.#idleSamples = 0;
    const shedding = this.#shedding;
    if (!shedding || this.#unwatch) return;
    this.#unwatch = watchProcessLoad((sample) => {
      shedding.sample(sample);
      this.#idleSamples += 1;
      if (this.#idleSamples < IDLE_SAMPLES || shedding.inFlight > 0) return;
      this.#unwatch?.();
      this.#unwatch = undefined;
    });
  }

  #facts(): object {
    if (!this.#shedding) return {};
    const { inFlight, load } = this.#shedding;
    return { utilisation: Number(load.utilisation.toFixed(3)), delayMs: Math.round(load.delayMs), inFlight };
  }
}

/** Whether so ended what was done to its end, whatever came of it. */
function isWork(code: grpc.status): boolean {
  return code !== grpc.status.DEADLINE_EXCEEDED && code !== grpc.status.CANCELLED;
}

function full(pushbackMs: number): Refusal {
  const metadata = new grpc.Metadata();
  metadata.set(PUSHBACK, String(pushbackMs));
  return { code: grpc.status.RESOURCE_EXHAUSTED, details: "service overloaded", metadata };
}
