import * as grpc from "@grpc/grpc-js";
import { systemTiming } from "../../async/timing.js";
import { Breaker } from "../../balancer/breaker.js";
import { SERVER_DEFAULTS, SERVER_MIDDLEWARE_DEFAULTS } from "../../defaults.js";
import { watchProcessLoad } from "../../lifecycle/process-load.js";
import { type RefusalReason, ShedReport } from "../../lifecycle/shed-report.js";
import { type Shed, Shedding } from "../../lifecycle/shedding.js";
import { PUSHBACK } from "../pushback.js";
import { HEALTH_SERVICE } from "./health-service.js";

export interface OverloadOptions {
  /** For the log. Default none. */
  readonly name?: string | undefined;
  /** Busy is so many thousandths of the event loop's time, or of the CPUs', 1 to 999; 0 refuses nothing. Default 900. */
  readonly cpuThreshold?: number | undefined;
  /** Whether calls of a method that mostly fails are answered UNAVAILABLE without its handler, most of them. Default true. */
  readonly breaker?: boolean | undefined;
  /** Which calls are refused first, and which never; by `/package.Service/Method`, or `/package.Service/*`. Default none. */
  readonly shed?: ReadonlyMap<string, Shed> | undefined;
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
  readonly #shed: ReadonlyMap<string, Shed>;
  readonly #report: ShedReport;
  #idleSamples = 0;
  #unwatch: (() => void) | undefined;

  constructor({ name, cpuThreshold, breaker, shed }: OverloadOptions) {
    const thousandths = cpuThreshold ?? SERVER_DEFAULTS.CpuThreshold;
    if (!Number.isInteger(thousandths) || thousandths < 0 || thousandths > 999) {
      throw new TypeError(`cpuThreshold is ${thousandths}; expected thousandths from 1 to 999, or 0 for none`);
    }
    const now = () => performance.now();
    this.#shedding = thousandths > 0 ? new Shedding({ threshold: thousandths / 1_000, now }) : undefined;
    this.#breakers = (breaker ?? SERVER_MIDDLEWARE_DEFAULTS.Breaker) ? new Map() : undefined;
    this.#shed = shed ?? new Map();
    this.#report = new ShedReport(systemTiming, () => ({ ...(name !== undefined && { name }), ...this.#facts() }));
  }

  readonly interceptor: grpc.ServerInterceptor = (method, call) => {
    // Whether the server lives is always answered, or those who ask would take a full server for a dead one.
    if (method.path.startsWith(`/${HEALTH_SERVICE}/`)) return new grpc.ServerInterceptingCall(call);
    this.#watch();
    const breaker = this.#breakerOf(method.path);
    if (breaker && !breaker.allows()) {
      breaker.dropped();
      return this.#refuse(call, method, "failing", BREAKER_OPEN);
    }
    const pushback = this.#pushback(method);
    if (pushback !== undefined) return this.#refuse(call, method, "full", full(pushback));
    return this.#admit(call, method, breaker);
  };

  #pushback(method: Method): number | undefined {
    const shed = this.#shed.get(method.path) ?? this.#shed.get(method.path.replace(/[^/]+$/, "*"));
    if (isUnary(method)) return this.#shedding?.begin(shed);
    // As for go-zero, a stream is no measure of anything, and is refused only where it was asked for.
    return shed && this.#shedding?.refusal(shed);
  }

  #admit(call: Call, method: Method, breaker: Breaker | undefined): grpc.ServerInterceptingCall {
    const began = performance.now();
    let ended = false;
    const end = (code?: grpc.status) => {
      if (ended) return;
      ended = true;
      if (isUnary(method)) this.#shedding?.end(isAnswer(code) ? performance.now() - began : undefined);
      if (code !== undefined) breaker?.ended(code);
    };
    return new grpc.ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveHalfClose: (goOn) => {
            // The caller has given up: what is left of the time is for those who still wait.
            if (method.requestStream || ended || Number(call.getDeadline()) >= Date.now()) return goOn();
            end();
            this.#report.refused("late", method.path);
            call.sendStatus(LATE);
          },
          onCancel: () => end(),
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
    const { utilisation, delayMs, inFlight } = this.#shedding;
    return { utilisation: Number(utilisation.toFixed(3)), delayMs: Math.round(delayMs), inFlight };
  }
}

function isUnary({ requestStream, responseStream }: Method): boolean {
  return !requestStream && !responseStream;
}

/** Work that was done to its end, whatever came of it. */
function isAnswer(code: grpc.status | undefined): boolean {
  return code !== undefined && code !== grpc.status.DEADLINE_EXCEEDED;
}

function full(pushbackMs: number): Refusal {
  const metadata = new grpc.Metadata();
  metadata.set(PUSHBACK, String(pushbackMs));
  return { code: grpc.status.RESOURCE_EXHAUSTED, details: "service overloaded", metadata };
}
