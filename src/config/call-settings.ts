/** Settings of single calls in a client's configuration: retries, hedging and limits of single methods. */
import { z } from "zod";
import { goDuration } from "./fields.js";

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

const positiveDuration = () => goDuration().refine((ms) => ms > 0, { error: "expected a Go duration above 0" });

const retryFields = {
  /** The first included; 1 = no retries. */
  MaxAttempts: attempts(1).default(3),
  /** Longest wait before the second attempt, in milliseconds (written as a Go duration); it doubles with each. */
  InitialBackoff: positiveDuration().default(50),
  /** Longest wait before any attempt, in milliseconds (written as a Go duration). */
  MaxBackoff: positiveDuration().default(1_000),
  Codes: z
    .array(z.enum(RETRYABLE, { error: `expected one of ${RETRYABLE.join(", ")}` }), {
      error: "expected a list of codes",
    })
    .min(1, { error: "is empty; expected codes such as UNAVAILABLE" })
    .default(["UNAVAILABLE"]),
};

/** Retries of one method, as long as nothing was answered. */
const methodRetry = z.object(retryFields);

/** Retries of every method. */
export const retryConfig = z.object({
  ...retryFields,
  /** How many retries there may be in the long run for each call that succeeds, over all methods. */
  Budget: z
    .number({ error: "expected a number above 0" })
    .positive({ error: "expected a number above 0" })
    .default(0.1),
});

const hedgeConfig = z.object({
  /** How many of the same call may run at once, the first included. */
  MaxAttempts: attempts(2).default(2),
  /** How long an answer is waited for before the next is sent, in milliseconds (written as a Go duration). */
  Delay: goDuration(),
});

/** What is different for one method, or for all of one service. */
export const methodSettings = z
  .object({
    FullMethod: z
      .string({ error: "expected /package.Service/Method, or /package.Service/* for all of a service" })
      .regex(/^\/[^/]+\/[^/]+$/, {
        error: "expected /package.Service/Method, or /package.Service/* for all of a service",
      }),
    /** Instead of the client's Timeout, in milliseconds (written as a Go duration); 0 = none. Counts for streams too. */
    Timeout: goDuration().optional(),
    /** Instead of the client's Retry. */
    Retry: methodRetry.optional(),
    /** Sends the call again before the first has failed; for what may be carried out twice. */
    Hedge: hedgeConfig.optional(),
  })
  .refine(({ Retry, Hedge }) => !(Retry && Hedge), { error: "has both Retry and Hedge; expected one of them" });

export type RetryConfig = z.output<typeof retryConfig>;
export type MethodSettings = z.output<typeof methodSettings>;
