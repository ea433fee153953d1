import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../support/until.js";
import { contestants } from "./contestants.js";
import { fleet, registry } from "./fleet.js";
import { startHttp } from "./http-server.js";

for (const contestant of contestants) {
  const { name } = contestant;

  test(`${name}: while nobody is listed requests wait, can be aborted, and are told why`, async (t) => {
    const { fetch, service, interceptor, servers } = await fleet(t, contestant, 0, { waitMs: 3_000 });
    await until(() => interceptor.stats().listed === 0, "the registry has answered");
    const abort = new AbortController();
    const aborted = fetch("/", { signal: abort.signal });
    await until(() => interceptor.stats().waiting === 1, "it waits");
    abort.abort();
    await assert.rejects(aborted, { name: "AbortError" });
    await until(() => interceptor.stats().waiting === 0, "it waits no more");
    const waiting = fetch("/");
    await until(() => interceptor.stats().waiting === 1, "another waits");
    servers.push(await startHttp("late"));
    registry.list(service, [servers[0]!.address]);
    assert.equal((await waiting).text, "late");
  });

  test(`${name}: when the wait is over the error names the service, the registry and the reason`, async (t) => {
    const { fetch, interceptor } = await fleet(t, contestant, 0, { waitMs: 30 });
    await until(() => interceptor.stats().listed === 0, "the registry has answered");
    await assert.rejects(fetch("/"), (error: Error) => /no instance of "order-.*" is listed/.test(`${error.cause}`));
  });
}
