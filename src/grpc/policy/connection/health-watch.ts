import { status } from "@grpc/grpc-js";
import { Backoff } from "../../../async/backoff.js";
import { systemTiming } from "../../../async/timing.js";
import type { HealthWord } from "../../../membership/connection/transport.js";
import type { ConnectionCall } from "../../shield/connection-calls.js";
import type { StatusObject, Subchannel } from "../../shield/experimental.js";
import { letProcessEnd, sharedConnection, streamLimit } from "../../subchannel-internals.js";
import { type HealthMessages, healthMessages, startHealthCall } from "./health-call.js";

/** With fewer streams than these a health Watch would take a tenth of them and more: then it is not made. */
const STREAMS_TO_SPARE = 10;
/** Watches take at most this share of the streams: each channel that shares a connection has one of its own. */
const WATCHES_SHARE = 0.5;

/** Watches by the connection that they share. */
const watches = new WeakMap<object, number>();

/** Ends that may be the connection's or the network's, and say nothing of whether the server tells its health. */
const BROKEN: readonly status[] = [status.UNAVAILABLE, status.CANCELLED, status.INTERNAL, status.DEADLINE_EXCEEDED];

/** Ends by which a server refuses the question for whoever asks; what it said before no longer counts. */
const REFUSED: readonly status[] = [status.UNIMPLEMENTED, status.UNAUTHENTICATED, status.PERMISSION_DENIED];

/**
 * Watches an instance's health on one connection (gRFC A17,
 * https://github.com/grpc/proposal/blob/master/A17-client-side-health-checking.md), but for two points: a stream that
 * breaks while its connection lives keeps the last word until it is renewed, because proxies cut long streams; and a
 * server that does not tell, whatever it ends the watch with, counts as healthy, as it would for a client that does not ask.
 * @param service name asked for; "" is the server as a whole.
 * @returns stops the watch.
 */
export function watchHealth(subchannel: Subchannel, service: string, tell: (word: HealthWord) => void): () => void {
  const backoff = new Backoff({ initialMs: 1_000, maxMs: 120_000 });
  let stopped = false;
  let told = false;
  let stopTimer: (() => void) | undefined;
  let call: ConnectionCall | undefined;

  const ask = async () => {
    const messages = await healthMessages();
    if (stopped) return;
    const limit = streamLimit(subchannel);
    const allows = `the server allows ${limit} calls at a time`;
    if (limit < STREAMS_TO_SPARE) return tell({ notTold: `${allows}, too few to spend one on a health Watch` });
    const giveBack = takeStream(subchannel, limit);
    if (!giveBack) {
      const others = "other channels of this process have their health Watches on this connection";
      if (backoff.attempts === 0) tell({ notTold: `${allows}, and ${others}` });
      return askAgain();
    }
    try {
      call = await startHealthCall("Watch", subchannel, service, {
        onReceiveMetadata: () => {},
        onReceiveMessage: (message) => {
          if (stopped) return;
          backoff.reset();
          told = true;
          tell(wordOf(message, messages));
          call?.startRead();
        },
        onReceiveStatus: (end) => {
          giveBack();
          if (!stopped) ended(end);
        },
      });
    } catch (error) {
      giveBack();
      throw error;
    }
    if (stopped) cancel();
    else letProcessEnd(subchannel, call);
  };
  const ended = ({ code, details }: StatusObject) => {
    const refused = REFUSED.includes(code);
    if (refused || (!told && !BROKEN.includes(code))) {
      tell({ notTold: `Watch of grpc.health.v1 ended with ${status[code]}${details ? `: ${details}` : ""}` });
    }
    // A server does not grow a health service while it runs.
    if (code !== status.UNIMPLEMENTED) askAgain();
  };
  const askAgain = () => {
    stopTimer = systemTiming.after(backoff.next(), start);
  };
  // A connection that breaks while it is asked reports that by itself, so a failed start is only tried again.
  const start = () => void ask().catch(() => stopped || askAgain());
  const cancel = () => call?.cancelWithStatus(status.CANCELLED, "no longer watched");

  start();
  return () => {
    stopped = true;
    stopTimer?.();
    cancel();
  };
}

/** Takes a stream for a Watch, where enough are left for calls. @returns gives it back. */
function takeStream(subchannel: Subchannel, limit: number): (() => void) | undefined {
  const connection = sharedConnection(subchannel);
  if (!connection) return () => {};
  const running = watches.get(connection) ?? 0;
  if (running + 1 > limit * WATCHES_SHARE) return undefined;
  watches.set(connection, running + 1);
  return () => void watches.set(connection, watches.get(connection)! - 1);
}

/** What cannot be read says nothing. */
function wordOf(
  framed: Buffer,
  { HealthCheckResponse, HealthCheckResponse_ServingStatus: Status }: HealthMessages,
): HealthWord {
  try {
    // No encoding was accepted, so the message is not compressed.
    const { status: serving } = HealthCheckResponse.decode(framed.subarray(5));
    if (serving === Status.SERVING || serving === Status.NOT_SERVING) return { serving: serving === Status.SERVING };
    return {
      notTold: `the health service answers ${serving === Status.SERVICE_UNKNOWN ? "SERVICE_UNKNOWN" : "UNKNOWN"}`,
    };
  } catch {
    return { notTold: "the health service's answer cannot be read" };
  }
}
