import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { createClient } from "../../../../src/index.js";
import { EchoClient, type EchoReply, type EchoRequest, EchoService, echoHandlers, say } from "../../../support/echo.js";
import { FixtureRegistry } from "../../../support/fixture-backend.js";
import { until } from "../../../support/until.js";

export const registry = new FixtureRegistry();

/** An instance that refuses its Say as a full server does while `pushback` is set; after headers if `headers`, and when `waits` is over. */
async function instance(t: TestContext) {
  const state = {
    address: "",
    calls: 0,
    pushback: undefined as string | undefined,
    headers: false,
    code: grpc.status.OK,
    waits: undefined as (() => Promise<void>) | undefined,
  };
  const server = new grpc.Server();
  server.addService(EchoService, {
    ...echoHandlers(() => state.address),
    say: async (call: grpc.ServerUnaryCall<EchoRequest, EchoReply>, callback: grpc.sendUnaryData<EchoReply>) => {
      state.calls += 1;
      if (state.waits) await state.waits();
      if (state.code) return callback({ code: state.code, details: "as asked" });
      if (state.pushback === undefined) return callback(null, { instance: state.address });
      if (state.headers) call.sendMetadata(new grpc.Metadata());
      const metadata = new grpc.Metadata();
      metadata.set("grpc-retry-pushback-ms", state.pushback);
      callback({ code: grpc.status.RESOURCE_EXHAUSTED, details: "full", metadata });
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  state.address = `127.0.0.1:${port}`;
  t.after(() => server.forceShutdown());
  return state;
}

/** Instances, listed under the service, and a client that has called them all. */
export async function fleet(t: TestContext, count: number, service: string) {
  const instances = await Promise.all(Array.from({ length: count }, () => instance(t)));
  registry.list(
    service,
    instances.map(({ address }) => address),
  );
  const client = createClient(EchoClient, { Target: registry.target(service) });
  t.after(() => client.close());
  // Until all have been called.
  for (let i = 0; i < 2_000 && instances.some(({ calls }) => calls === 0); i++) await say(client);
  for (const one of instances) {
    assert.ok(one.calls > 0);
    one.calls = 0;
  }
  return { instances, client };
}

export const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => grpc.status.OK,
    (error: grpc.ServiceError) => error.code,
  );

/** Makes calls one at a time until the instance gets one, as it is chance how soon; returns the codes of all. */
export async function callUntilReached(client: EchoClient, instance: { readonly calls: number }) {
  const codes: grpc.status[] = [];
  await until(async () => {
    codes.push(await codeOf(say(client)));
    return instance.calls > 0;
  }, "the instance gets a call");
  return codes;
}
