import { status } from "@grpc/grpc-js";
import { Backoff } from "../../async/backoff.js";
import type { ConnectionCall, Subchannel } from "../shield.js";
import { type HealthMessages, healthMessages, startHealthCall } from "./health-call.js";

/** Ends with which a server says that it does not tell its health: it counts as healthy. */
const NOT_TOLD: readonly status[] = [status.UNIMPLEMENTED, status.UNAUTHENTICATED, status.PERMISSION_DENIED];

/**
 * Watches an instance's health on one connection (gRFC A17,
 * https://github.com/grpc/proposal/blob/master/A17-client-side-health-checking.md), but for two points: a stream that
 * breaks while its connection lives keeps the last word until it is renewed, because proxies cut long streams; and a
 * server that refuses the question counts as healthy, like one without the service.
 * @param service name asked for; "" is the server as a whole.
 * @returns stops the watch.
 */
export function watchHealth(
  subchannel: Subchannel,
  service: string,
  onServing: (serving: boolean) => void,
): () => void {
  const backoff = new Backoff({ initialMs: 500, maxMs: 30_000 });
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let call: ConnectionCall | undefined;

  const ask = async () => {
    const messages = await healthMessages();
    call = await startHealthCall("Watch", subchannel, service, {
      onReceiveMetadata: () => {},
      onReceiveMessage: (message) => {
        if (stopped) return;
        backoff.reset();
        onServing(isServing(message, messages));
        call?.startRead();
      },
      onReceiveStatus: (end) => {
        if (stopped) return;
        if (NOT_TOLD.includes(end.code)) onServing(true);
        else askAgain();
      },
    });
    if (stopped) cancel();
  };
  const askAgain = () => {
    timer = setTimeout(start, backoff.next());
    timer.unref();
  };
  // A connection that breaks while it is asked reports that by itself, so a failed start is only tried again.
  const start = () => void ask().catch(() => stopped || askAgain());
  const cancel = () => call?.cancelWithStatus(status.CANCELLED, "no longer watched");

  start();
  return () => {
    stopped = true;
    clearTimeout(timer);
    cancel();
  };
}

/** What cannot be read says nothing, and so counts as healthy. */
function isServing(
  framed: Buffer,
  { HealthCheckResponse, HealthCheckResponse_ServingStatus }: HealthMessages,
): boolean {
  try {
    // No encoding was accepted, so the message is not compressed.
    const { status: serving } = HealthCheckResponse.decode(framed.subarray(5));
    return serving === HealthCheckResponse_ServingStatus.SERVING;
  } catch {
    return true;
  }
}
