import { Metadata, status } from "@grpc/grpc-js";
import { Backoff } from "../backoff.js";
import { HealthCheckRequest, HealthCheckResponse, HealthCheckResponse_ServingStatus } from "../proto/health.js";
import { type ConnectionCall, callStarter, type Subchannel } from "./shield.js";

const METHOD = "/grpc.health.v1.Health/Watch";

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
    const metadata = await callCredentials(subchannel);
    if (stopped) return;
    const started = callStarter(subchannel).createCall(
      metadata,
      "health",
      METHOD,
      {
        onReceiveMetadata: () => {},
        onReceiveMessage: (message) => {
          if (stopped) return;
          backoff.reset();
          onServing(isServing(message));
          started.startRead();
        },
        onReceiveStatus: (end) => {
          if (stopped) return;
          if (NOT_TOLD.includes(end.code)) onServing(true);
          else askAgain();
        },
      },
      0,
    );
    call = started;
    started.sendMessageWithContext({}, frame(HealthCheckRequest.encode({ service }).finish()));
    started.halfClose();
    started.startRead();
  };
  const askAgain = () => {
    timer = setTimeout(start, backoff.next());
    timer.unref();
  };
  // A connection that breaks while it is asked reports that by itself, so a failed start is only tried again.
  const start = () => void ask().catch(() => stopped || askAgain());

  start();
  return () => {
    stopped = true;
    clearTimeout(timer);
    call?.cancelWithStatus(status.CANCELLED, "no longer watched");
  };
}

/** What the channel's credentials add to each call, a token for example. */
async function callCredentials(subchannel: Subchannel): Promise<Metadata> {
  return subchannel
    .getCallCredentials()
    .generateMetadata({ method_name: METHOD, service_url: "https://health/grpc.health.v1.Health" })
    .catch(() => new Metadata());
}

/** gRPC's length-prefixed message: no compression, a 32-bit length, the payload. */
function frame(payload: Uint8Array): Buffer {
  const framed = Buffer.alloc(5 + payload.length);
  framed.writeUInt32BE(payload.length, 1);
  framed.set(payload, 5);
  return framed;
}

function isServing(framed: Buffer): boolean {
  // No encoding was accepted, so the message is not compressed.
  const { status: serving } = HealthCheckResponse.decode(framed.subarray(5));
  return serving === HealthCheckResponse_ServingStatus.SERVING;
}
