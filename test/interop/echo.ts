import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { type Outcome, Traffic } from "../support/traffic.js";
import { statusWithDetails } from "./status-details.js";

/** The service of interop/proto/echo.proto, on the Node side. */
export interface SayRequest {
  readonly text?: string;
  readonly delayMs?: number;
  readonly code?: grpc.status;
  readonly crash?: boolean;
}

export interface SayReply {
  readonly instance: string;
  readonly text: string;
  readonly deadlineMs: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly traceId: string;
  readonly baggage: string;
}

export interface EchoClient extends grpc.Client {
  say(
    request: SayRequest,
    metadata: grpc.Metadata,
    options: grpc.CallOptions,
    callback: (error: grpc.ServiceError | null, reply?: SayReply) => void,
  ): grpc.ClientUnaryCall;
  listen(request: SayRequest): grpc.ClientReadableStream<SayReply>;
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
      const { delayMs = 0, crash } = call.request;
      if (crash) throw new Error("crash, as asked");
      const reply = replyTo(call, name());
      const timer = setTimeout(() => callback(failure(call.request), reply), delayMs);
      call.on("cancelled", () => clearTimeout(timer));
    },
    listen(call: grpc.ServerWritableStream<SayRequest, SayReply>) {
      onCall(call.metadata);
      const { delayMs = 0, crash } = call.request;
      if (crash) throw new Error("crash, as asked");
      const failed = failure(call.request);
      if (failed) return void call.emit("error", failed);
      call.write(replyTo(call, name()));
      const timer = setInterval(() => call.write(replyTo(call, name())), Math.max(1, delayMs));
      call.on("cancelled", () => clearInterval(timer));
    },
  };
}

type ServedCall = Pick<grpc.ServerUnaryCall<SayRequest, SayReply>, "request" | "metadata" | "getDeadline">;

function replyTo(call: ServedCall, instance: string): SayReply {
  const deadline = Number(call.getDeadline());
  const arrived = Object.entries(call.metadata.getMap());
  const metadata = Object.fromEntries(arrived.map(([key, value]) => [key, textOf(value)]));
  return {
    instance,
    text: call.request.text ?? "",
    deadlineMs: Number.isFinite(deadline) ? deadline - Date.now() : 0,
    metadata,
    traceId: metadata.traceparent?.split("-")[1] ?? "",
    baggage: metadata.baggage ?? "",
  };
}

function textOf(value: grpc.MetadataValue): string {
  return typeof value === "string" ? value : value.toString("base64");
}

/** The error that the request asks for. */
function failure({ code, text = "" }: SayRequest): Partial<grpc.StatusObject> | null {
  if (!code) return null;
  return statusWithDetails(code, "as asked", { reason: "ASKED", domain: "interop", metadata: { text } });
}

export function say(
  client: EchoClient,
  request: SayRequest = {},
  metadata: grpc.Metadata = new grpc.Metadata(),
  options: grpc.CallOptions = {},
): Promise<SayReply> {
  return new Promise((resolve, reject) => {
    client.say(request, metadata, options, (error, reply) => (error ? reject(error) : resolve(reply!)));
  });
}

/** Calls without pause, some at a time, until the signal aborts. */
export function keepCalling(client: EchoClient, signal: AbortSignal): Traffic {
  const traffic = new Traffic();
  const call = async () => {
    while (!signal.aborted) {
      traffic.record(await outcomeOf(say(client)));
      await pause(20); // spares the processor that the servers share
    }
  };
  for (let i = 0; i < 3; i++) void call();
  return traffic;
}

/** Calls at a steady rate whatever becomes of them, as users do, and as gozero-client does. */
export function callSteadily(client: EchoClient, request: SayRequest, perSecond: number, signal: AbortSignal): Traffic {
  const traffic = new Traffic();
  const timer = setInterval(() => {
    void outcomeOf(say(client, request)).then((outcome) => traffic.record(outcome));
  }, 1_000 / perSecond);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  return traffic;
}

async function outcomeOf(call: Promise<SayReply>): Promise<Outcome> {
  const began = performance.now();
  try {
    const { instance } = await call;
    return { instance, code: "OK", ms: performance.now() - began };
  } catch (error) {
    const { code, message } = error as grpc.ServiceError;
    return { code: goNameOf(code), error: message, ms: performance.now() - began };
  }
}

/** DEADLINE_EXCEEDED is DeadlineExceeded in Go. */
export function goNameOf(code: grpc.status): string {
  const name = grpc.status[code] ?? String(code);
  if (code === grpc.status.OK) return name;
  return name.toLowerCase().replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
