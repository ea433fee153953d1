import assert from "node:assert/strict";
import { test } from "node:test";
import { rollcallClient } from "./client.js";
import { RollcallModule } from "./module.js";
import { RollcallServer } from "./server.js";

const proto = { package: "order", protoPath: "examples/order/order.proto" };

test("options of Nest's transport that the configuration decides are refused by name", () => {
  const config = { ListenOn: "127.0.0.1:0" };
  for (const [option, reason] of [
    [{ url: "0.0.0.0:5000" }, /RollcallServer takes no url: ListenOn/],
    [{ gracefulShutdown: true }, /RollcallServer takes no gracefulShutdown: Rollcall always drains/],
  ] as const) {
    assert.throws(() => new RollcallServer(config, { ...proto, ...option }), reason);
  }
  assert.throws(
    () => new RollcallServer(config, undefined as never),
    /second argument .* is undefined; expected options/,
  );
  assert.throws(
    () => rollcallClient({ Endpoints: ["a:1"] }, null as never),
    /second argument .* is null; expected opt/,
  );
  assert.throws(() => RollcallModule.forRoot({}, { signal: false } as object), /did you mean signals\?/);
  const client = { ...proto, url: "127.0.0.1:5000" };
  assert.throws(() => rollcallClient({ Endpoints: ["127.0.0.1:5000"] }, client), /rollcallClient takes no url: Etcd/);
});

test("a configuration that cannot be obeyed is refused where the server is made", () => {
  assert.throws(
    () => new RollcallServer({ ListenOn: "127.0.0.1:0", Timeout: -1 }, proto),
    /the configuration of a server is not usable: Timeout/,
  );
});

test("a port that is taken fails the start of the application, in words", async () => {
  const taken = new RollcallServer({ ListenOn: "127.0.0.1:0" }, proto);
  const failure = (server: RollcallServer) => new Promise<unknown>((resolve) => void server.listen(resolve));
  assert.equal(await failure(taken), undefined);
  const second = new RollcallServer({ ListenOn: `127.0.0.1:${taken.port}` }, proto);
  assert.match(String(await failure(second)), /another process listens there/);
  await Promise.all([taken.close(), second.close()]);
});

test("listening twice is listening once, a close while it begins is obeyed, and after one nothing listens", async () => {
  const listen = (server: RollcallServer) => new Promise<unknown>((resolve) => void server.listen(resolve));
  const server = new RollcallServer({ ListenOn: "127.0.0.1:0" }, proto);
  assert.deepEqual(await Promise.all([listen(server), listen(server)]), [undefined, undefined]);
  const { port } = server;
  assert.equal(await listen(server), undefined);
  assert.equal(server.port, port);
  await server.close();
  assert.match(String(await listen(server)), /closed before: make a RollcallServer for each application/);
  const again = new RollcallServer({ ListenOn: `127.0.0.1:${port}` }, proto);
  assert.equal(await listen(again), undefined, "nobody else is left at the port");
  await again.close();
  const hasty = new RollcallServer({ ListenOn: "127.0.0.1:0" }, proto);
  const listening = listen(hasty);
  await hasty.close();
  assert.match(String(await listening), /closed before it listened/);
});

test("before it listens a server cannot be paused, and closing it does nothing", async () => {
  const server = new RollcallServer({ ListenOn: "127.0.0.1:0" }, proto);
  await assert.rejects(server.pause(), /does not listen yet/);
  await server.close();
});
