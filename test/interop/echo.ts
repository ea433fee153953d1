import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { Traffic } from "../support/traffic.js";

/** The service of interop/proto/echo.proto, on the Node side. */
export interface SayRequest {
  readonly text?: string;
  readonly delayMs?: number;
}

export interface SayReply {
  readonly instance: string;
  readonly text: string;
  readonly deadlineMs: number;
}

export interface EchoClient extends grpc.Client {
  say(request: SayRequest, callback: (error: grpc.ServiceError | null, reply?: SayReply) => void): grpc.ClientUnaryCall;
}

const file = fileURLToPath(new URL("../../interop/proto/echo.proto", import.meta.url));
const loaded = grpc.loadPackageDefinition(loadSync(file)) as unknown as {
  rollcall: { interop: { v1: { Echo: { new (...args: unknown[]): EchoClient; service: grpc.ServiceDefinition } } } };
};
export const Echo = loaded.rollcall.interop.v1.Echo;

/** @param name what the instance says of itself. `onCall` sees each call's metadata. */
export function echoHandlers(
  name: () => string,
  onCall: (metadata: grpc.Metadata) => void = () => {},
): grpc.UntypedServiceImplementation {
  return {
    say(call: grpc.ServerUnaryCall<SayRequest, SayReply>, callback: grpc.sendUnaryData<SayReply>) {
      onCall(call.metadata);
      const deadline = Number(call.getDeadline());
      const deadlineMs = Number.isFinite(deadline) ? deadline - Date.now() : 0;
      const reply = { instance: name(), text: call.request.text ?? "", deadlineMs };
      const timer = setTimeout(() => callback(null, reply), call.request.delayMs ?? 0);
      call.on("cancelled", () => clearTimeout(timer));
    },
  };
}

export function say(client: EchoClient, request: SayRequest = {}): Promise<SayReply> {
  return new Promise((resolve, reject) => {
    client.say(request, (error, reply) => (error ? reject(error) : resolve(reply!)));
  });
}

/** Calls without pause, some at a time, until the signal aborts. */
export function keepCalling(client: EchoClient, signal: AbortSignal): Traffic {
  const traffic = new Traffic();
  const call = async () => {
    while (!signal.aborted) {
      try {
        const { instance } = await say(client);
        traffic.record({ instance, code: "OK" });
      } catch (error) {
        const { code, message } = error as grpc.ServiceError;
        traffic.record({ code: grpc.status[code] ?? String(code), error: message });
      }
      await pause(20); // spares the processor that the servers share
    }
  };
  for (let i = 0; i < 3; i++) void call();
  return traffic;
}
