/** Settings of single calls in a client's configuration: retries, hedging and limits of single methods. */
import { z } from "zod";
import { HEDGE_DEFAULTS, RETRY_DEFAULTS } from "../defaults.js";
import { duration, type Notation } from "./fields.js";

/** What a server may have answered for a call to be tried again: each says that it was not carried out, or may be. */
const RETRYABLE = [
  "UNAVAILABLE",
  "RESOURCE_EXHAUSTED",
  "ABORTED",
  "INTERNAL",
  "UNKNOWN",
  "DEADLINE_EXCEEDED",
  "CANCELLED",
] as const;

/** gRPC's own bound (https://github.com/grpc/proposal/blob/master/A6-client-retries.md). */
const MOST_ATTEMPTS = 5;

const attempts = (least: number) => {
  const error = `expected a whole number of attempts, the first included, from ${least} to ${MOST_ATTEMPTS}`;
  return z.int({ error }).min(least, { error }).max(MOST_ATTEMPTS, { error });
};

const positive = (notation: Notation) =>
  duration(notation).refine((ms) => ms > 0, {
    error: notation === "file" ? "expected a Go duration above 0" : "expected milliseconds above 0",
  });

const retryFields = (notation: Notation) => ({
  /** maxAttempts of gRPC's retryPolicy: the first included; 1 = no retries. Default 3. */
  MaxAttempts: attempts(1).default(RETRY_DEFAULTS.MaxAttempts),
  /** initialBackoff: longest wait before the second attempt, in milliseconds; it doubles with each. Default 50. */
  InitialBackoff: positive(notation).default(RETRY_DEFAULTS.InitialBackoff),
  /** maxBackoff: longest wait before any attempt, in milliseconds. Default 1,000. */
  MaxBackoff: positive(notation).default(RETRY_DEFAULTS.MaxBackoff),
  /** retryableStatusCodes: which failures are tried again. Default UNAVAILABLE alone. */
  Codes: z
    .array(z.enum(RETRYABLE, { error: `expected one of ${RETRYABLE.join(", ")}` }), {
      error: "expected a list of codes",
    })
    .min(1, { error: "is empty; expected codes such as UNAVAILABLE" })
    .default([...RETRY_DEFAULTS.Codes]),
});

/** Retries of every method, as long as nothing was answered. */
export const retryConfig = (notation: Notation) =>
  z.object({
    ...retryFields(notation),
    /** tokenRatio of gRPC's retryThrottling: retries in the long run for each call that succeeds, over all methods. Default 0.1. */
    Budget: z
      .number({ error: "expected a number above 0" })
      .positive({ error: "expected a number above 0" })
      .default(RETRY_DEFAULTS.Budget),
  });

const hedgeConfig = (notation: Notation) =>
  z.object({
    /** maxAttempts of gRPC's hedgingPolicy: how many of the same call may run at once, the first included. Default 2. */
    MaxAttempts: attempts(2).default(HEDGE_DEFAULTS.MaxAttempts),
    /** hedgingDelay: how long an answer is waited for before the next is sent, in milliseconds. Required. */
    Delay: duration(notation),
  });

/** What is different for one method, or for all of one service. */
export const methodSettings = (notation: Notation) =>
  z
    .object({
      /** `/package.Service/Method`, or `/package.Service/*` for all of a service. Required. */
      FullMethod: z
        .string({ error: "expected /package.Service/Method, or /package.Service/* for all of a service" })
        .regex(/^\/[^/]+\/[^/]+$/, {
          error: "expected /package.Service/Method, or /package.Service/* for all of a service",
        }),
      /** Instead of the client's Timeout, in milliseconds; 0 = none. Counts for streams too. Default the client's. */
      Timeout: duration(notation).optional(),
      /** Instead of the client's Retry. Default the client's. */
      Retry: z.object(retryFields(notation)).optional(),
      /** Sends the call again before the first has failed; for what may be carried out twice. Default off. */
      Hedge: hedgeConfig(notation).optional(),
    })
    .refine(({ Retry, Hedge }) => !(Retry && Hedge), { error: "has both Retry and Hedge; expected one of them" });

export type RetryConfig = z.output<ReturnType<typeof retryConfig>>;
export type MethodSettings = z.output<ReturnType<typeof methodSettings>>;
