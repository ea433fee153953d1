/** Settings of single calls in a client's configuration: retries, hedging and limits of single methods. */
import { z } from "zod";
import { HEDGE_DEFAULTS, RETRY_DEFAULTS } from "../../defaults.js";
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

const hedgeFields = (notation: Notation) => ({
  /** How many of the same call may run at once, the first included; more than 2 only with a Delay. Default 2. */
  MaxAttempts: attempts(2).default(HEDGE_DEFAULTS.MaxAttempts),
  /** hedgingDelay of gRPC's hedgingPolicy: how long an answer is waited for before the next is sent, in milliseconds. Default as long as 95 % of the method's calls take now. */
  Delay: duration(notation).optional(),
});

const needsDelay = { error: "has MaxAttempts above 2; expected a Delay with it" };
const pairsUp = ({ MaxAttempts, Delay }: { MaxAttempts: number; Delay?: number | undefined }) =>
  MaxAttempts === 2 || Delay !== undefined;

/** Second copies of the slow calls of every unary method. */
export const hedgeConfig = (notation: Notation) =>
  z
    .object({
      ...hedgeFields(notation),
      /** Second copies for each call in the long run, over all methods of the client, where there is no Delay. Default 0.05. */
      Budget: z
        .number({ error: "expected a number above 0, up to 1" })
        .positive({ error: "expected a number above 0, up to 1" })
        .max(1, { error: "expected a number above 0, up to 1" })
        .default(HEDGE_DEFAULTS.Budget),
    })
    .refine(pairsUp, needsDelay);

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
      /** Sends the call again before the first has failed; for what may be carried out twice. `false` is off. Default the client's. */
      Hedge: z
        .union([z.literal(false), z.object(hedgeFields(notation)).refine(pairsUp, needsDelay)], {
          error: "expected a section, {} for all defaults, or false",
        })
        .optional(),
    })
    .refine(({ Retry, Hedge }) => !(Retry && Hedge && Hedge.Delay !== undefined), {
      error: "has both Retry and Hedge.Delay, of which gRPC carries out one; leave out Delay, or Retry",
    });

export type RetryConfig = z.output<ReturnType<typeof retryConfig>>;
export type HedgeConfig = z.output<ReturnType<typeof hedgeConfig>>;
export type MethodSettings = z.output<ReturnType<typeof methodSettings>>;
