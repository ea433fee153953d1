import { Metadata } from "@grpc/grpc-js";
import { afterRead } from "../../../async/after-read.js";
import { type CallListener, type ConnectionCall, callStarter } from "../../shield/connection-calls.js";
import type { Subchannel } from "../../shield/experimental.js";

/** Loaded at the first connection, because importing Rollcall must cost next to nothing. */
export const healthMessages = () => import("../../../proto/health.js");
export type HealthMessages = Awaited<ReturnType<typeof healthMessages>>;

/** So long the channel's credentials are waited for, in milliseconds: a probe is given up after two seconds, and needs none. */
const CREDENTIALS_MS = 500;

/**
 * Calls grpc.health.v1 on one connection, past the balancer.
 * @param service name asked for; "" is the server as a whole.
 * @throws Error when the connection has just gone.
 */
export async function startHealthCall(
  method: "Check" | "Watch",
  subchannel: Subchannel,
  service: string,
  listener: CallListener,
): Promise<ConnectionCall> {
  const path = `/grpc.health.v1.Health/${method}`;
  const { HealthCheckRequest } = await healthMessages();
  const metadata = await callCredentials(subchannel, path);
  const call = callStarter(subchannel).createCall(metadata, "health", path, listener, 0);
  call.sendMessageWithContext({}, frame(HealthCheckRequest.encode({ service }).finish()));
  call.halfClose();
  call.startRead();
  return call;
}

/** What the channel's credentials add to each call, a token for example. Who makes it may be slow, and the far side is not to blame. */
function callCredentials(subchannel: Subchannel, path: string): Promise<Metadata> {
  return new Promise((resolve) => {
    const without = () => resolve(new Metadata());
    const stopTimer = afterRead(CREDENTIALS_MS, without);
    subchannel
      .getCallCredentials()
      .generateMetadata({ method_name: path, service_url: "https://health/grpc.health.v1.Health" })
      .then(resolve, without)
      .finally(stopTimer);
  });
}

/** gRPC's length-prefixed message: no compression, a 32-bit length, the payload. */
function frame(payload: Uint8Array): Buffer {
  const framed = Buffer.alloc(5 + payload.length);
  framed.writeUInt32BE(payload.length, 1);
  framed.set(payload, 5);
  return framed;
}
