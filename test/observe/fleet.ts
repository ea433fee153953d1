import * as grpc from "@grpc/grpc-js";
import { createServer, type Server } from "../../src/index.js";
import { type EchoReply, type EchoRequest, EchoService, echoHandlers } from "../support/echo.js";
import type { FixtureRegistry } from "../support/fixture-backend.js";

/** A server that knows what it was asked and what it answered. */
export interface CountingServer {
  readonly server: Server;
  readonly address: string;
  /** Calls by the numeric code of their answer. */
  readonly answered: Map<number, number>;
  readonly traceparents: string[];
}

/** Servers of the echo service; every n-th call of each is refused with UNAVAILABLE. */
export async function startFleet(
  registry: FixtureRegistry,
  service: string,
  size: number,
  { failEvery = 0 } = {},
): Promise<CountingServer[]> {
  return Promise.all(
    Array.from({ length: size }, async () => {
      const answered = new Map<number, number>();
      const traceparents: string[] = [];
      let calls = 0;
      const server: Server = createServer(
        // CpuThreshold: no handler sees what a starved machine refuses.
        { Name: service, ListenOn: "127.0.0.1:0", CpuThreshold: 0, Shutdown: { WrapUpTime: 0 } },
        (builder) => {
          const handlers = echoHandlers(() => server.address!);
          builder.addService(EchoService, {
            ...handlers,
            say(call: grpc.ServerUnaryCall<EchoRequest, EchoReply>, callback: grpc.sendUnaryData<EchoReply>) {
              calls += 1;
              traceparents.push(String(call.metadata.get("traceparent")[0] ?? ""));
              const code =
                failEvery > 0 && calls % failEvery === 0 ? grpc.status.UNAVAILABLE : (call.request.code ?? 0);
              answered.set(code, (answered.get(code) ?? 0) + 1);
              if (code) callback({ code, details: "as asked" });
              else callback(null, { instance: server.address! });
            },
          });
        },
        { signals: false, registry: registry.target(service) },
      );
      await server.start();
      return { server, address: server.address!, answered, traceparents };
    }),
  );
}

/** Calls answered by all of them, by code. */
export function answeredByAll(fleet: readonly CountingServer[]): Map<number, number> {
  const all = new Map<number, number>();
  for (const { answered } of fleet) for (const [code, n] of answered) all.set(code, (all.get(code) ?? 0) + n);
  return all;
}
