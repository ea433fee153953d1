import assert from "node:assert/strict";
import { test } from "node:test";
import type * as grpc from "@grpc/grpc-js";
import { type ClientConfig, createClient, createServer, withHashKey } from "../../../src/index.js";
import { EchoClient, EchoService, echoHandlers, say } from "../../support/echo.js";

test("the key of a call never reaches the wire, whichever policy is at work, and must be text", async () => {
  let seen: grpc.Metadata | undefined;
  const server = createServer(
    { ListenOn: "127.0.0.1:0", Shutdown: { WrapUpTime: 0 } },
    (builder) => {
      builder.addService(EchoService, {
        ...echoHandlers(() => ""),
        say(call: grpc.ServerUnaryCall<object, object>, callback: grpc.sendUnaryData<object>) {
          seen = call.metadata;
          callback(null, { instance: "" });
        },
      });
    },
    { signals: false },
  );
  await server.start();
  const config: ClientConfig = { Endpoints: [server.address!], BalancerName: "consistent_hash" };
  for (const policy of ["consistent_hash", "p2c_ewma", "round_robin"]) {
    const serviceConfig = JSON.stringify({ loadBalancingConfig: [{ [policy]: {} }] });
    const client = createClient(EchoClient, config, { channelOptions: { "grpc.service_config": serviceConfig } });
    await withHashKey("user-1", () => say(client));
    assert.deepEqual(Object.keys(seen!.getMap()), ["user-agent"], policy);
    client.close();
  }
  await server.stop();
  for (const key of [7, 7n, null, {}, Buffer.from("7")]) {
    assert.throws(() => withHashKey(key as never, () => {}), /the key of withHashKey is .*; expected text/);
  }
});

test("what cannot be obeyed is refused where the client is made", () => {
  for (const [HashKey, message] of [
    [{ Metadata: "x-blob-bin" }, /HashKey\.Metadata: expected the name of metadata that is text/],
    [{ BoundedLoad: 0.5 }, /HashKey\.BoundedLoad: expected a number above 1/],
  ] as const) {
    assert.throws(() => createClient(EchoClient, { Endpoints: ["a:1"], BalancerName: "consistent_hash", HashKey }), {
      name: "TypeError",
      message,
    });
  }
});
