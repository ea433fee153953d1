import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { outcomeOfStatus, rollcallInterceptor } from "../../src/undici/index.js";
import { freePort } from "../support/network/ports.js";
import { until } from "../support/until.js";
import { contestants } from "./contestants.js";
import { fleet } from "./fleet.js";
import { startHttp } from "./http-server.js";

for (const contestant of contestants) {
  const { name, undici, global } = contestant;

  test(`${name}: an instance that nobody listens at any more costs no request, body included`, async (t) => {
    const { fetch, servers, interceptor } = await fleet(t, contestant, 3);
    servers[0]!.close();
    await once(servers[0]!.server, "close");
    for (let i = 0; i < 40; i++) assert.equal((await fetch("/", { method: "POST", body: "x" })).status, 200);
    assert.equal(interceptor.stats().ready, 2);
    const back = await startHttp("back", Number(servers[0]!.address.split(":")[1]));
    servers.push(back);
    await until(() => interceptor.stats().ready === 3, "it is back");
  });

  test(`${name}: an instance that answers 500 or 429 gets few requests`, async (t) => {
    for (const status of [500, 429]) {
      const { fetch, servers } = await fleet(t, contestant, 3);
      servers[0]!.status = status;
      for (const server of servers) server.delayMs = 2;
      await Promise.all(
        Array.from({ length: 4 }, async () => {
          for (let i = 0; i < 50; i++) await fetch("/");
        }),
      );
      assert.ok(servers[0]!.requests.length < 40, `${servers[0]!.requests.length} of 200 with ${status}`);
    }
  });

  if (global) continue;

  test(`${name}: an answer of 503 is a failure, though undici's retry, or a caller, leaves it at its status`, async (t) => {
    const retry = undici.interceptors.retry({ maxRetries: 1, minTimeout: 1 });
    const leaveBody = async (dispatcher: object) => {
      const { body } = await undici.request("http://order.http/", { dispatcher } as object);
      body.on("error", () => {}).destroy();
    };
    const retried = async (dispatcher: object) => {
      // It answers for itself, or throws: as the version has it.
      await undici.request("http://order.http/", { dispatcher } as object).then(
        ({ body }) => body.dump(),
        () => {},
      );
    };
    for (const [ask, others] of [
      [leaveBody, []],
      [retried, [retry]],
    ] as const) {
      const { servers, interceptor } = await fleet(t, contestant, 1);
      servers[0]!.status = 503;
      servers[0]!.endless = ask === leaveBody;
      const agent = new undici.Agent();
      t.after(() => agent.destroy());
      await ask(agent.compose(interceptor as never, ...others));
      await until(() => interceptor.stats().instances[0]!.inFlight === 0, "the request has ended");
      assert.ok(interceptor.stats().instances[0]!.failureRate > 0);
    }
  });

  test(`${name}: a second attempt by the same undici client is an error of the request alone`, async (t) => {
    const servers = [await startHttp("one"), await startHttp("two")];
    for (const server of servers) t.after(() => server.close());
    const interceptor = rollcallInterceptor(`direct:///${servers.map(({ address }) => address).join(",")}`);
    t.after(() => interceptor.close());
    await until(() => interceptor.stats().ready === 2, "both can be used");
    // A Client calls where it was made for, whatever it is asked: its first attempt and its second fail alike.
    const gone = `http://127.0.0.1:${await freePort()}`;
    const dispatcher = new undici.Client(gone).compose(interceptor as never);
    await assert.rejects(undici.request("http://order.http/", { dispatcher }), /ECONNREFUSED/);
    for (const { inFlight } of interceptor.stats().instances) assert.equal(inFlight, 0);
  });
}

test("an instance that cannot be connected to is not in use, and is when it can", async (t) => {
  const port = await freePort();
  const interceptor = rollcallInterceptor(`direct:///127.0.0.1:${port}`);
  t.after(() => interceptor.close());
  await until(() => interceptor.stats().instances[0]?.error !== undefined, "it has been dialled");
  assert.equal(interceptor.stats().ready, 0);
  const server = await startHttp("late", port);
  t.after(() => server.close());
  await until(() => interceptor.stats().ready === 1, "it can be used");
});

test("the table of statuses", () => {
  for (const status of [200, 204, 301, 304, 400, 401, 403, 404, 409, 422])
    assert.equal(outcomeOfStatus(status), "success");
  for (const status of [429, 500, 501, 502, 503, 504, 599]) assert.equal(outcomeOfStatus(status), "failure");
  for (const status of [408, 425, 499]) assert.equal(outcomeOfStatus(status), "ignore");
});
