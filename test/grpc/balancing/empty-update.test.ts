import assert from "node:assert/strict";
import { test } from "node:test";
import { setLogger } from "../../../src/log.js";
import { say, tally } from "../../support/echo.js";
import { SilentProxy } from "../../support/network/silent-proxy.js";
import { until } from "../../support/until.js";
import { clientOf, echoes, open, registry, stopped } from "./bare-echoes.js";

/** What is logged as a warning of this service from now on. */
function warningsOf(service: string): readonly string[] {
  const warnings: string[] = [];
  const silent = () => {};
  const warn = (facts: object, message: string) => {
    if ("service" in facts && facts.service === service) warnings.push(message);
  };
  setLogger({ debug: silent, info: silent, error: silent, warn });
  return warnings;
}

test("a registry that suddenly lists nobody is doubted while instances are connected, loudly", async () => {
  const warnings = warningsOf("doubt");
  const servers = await echoes(2);
  const addresses = servers.map(({ address }) => address);
  registry.list("doubt", addresses);
  const client = clientOf("doubt");
  await until(async () => (await tally(client, 10, 5)).size === 2, "both are used");
  registry.list("doubt", []);
  await until(() => warnings.length > 0, "the doubt is logged");
  assert.equal((await tally(client, 40, 8)).size, 2, "both stay in use");
  assert.match(warnings[0]!, /suddenly lists no instance of "doubt", but 2 are connected/);

  servers[0]!.stop();
  await until(async () => (await say(client).catch(() => undefined)) !== undefined, "calls go on");
  assert.deepEqual([...(await tally(client, 20)).keys()], [addresses[1]], "one that stops is dropped");

  const [fresh] = await echoes(1);
  registry.list("doubt", [fresh!.address]);
  await until(async () => (await tally(client, 20)).get(addresses[1]!) === undefined, "those that register take over");
  assert.equal(warnings.length, 1, "one line for one change of state");
});

test("a registry that loses everybody one after the other is doubted as well, for all of them, in one line", async () => {
  const warnings = warningsOf("stepwise");
  const servers = await echoes(4);
  const addresses = servers.map(({ address }) => address);
  registry.list("stepwise", addresses);
  const client = clientOf("stepwise");
  await until(async () => (await tally(client, 20, 5)).size === 4, "all are used");
  for (const left of [3, 2, 1]) {
    registry.list("stepwise", addresses.slice(-left));
    await until(async () => (await tally(client, 20, 5)).size === left, `the ${left} that are listed are used alone`);
  }
  await stopped(servers[0]!);
  registry.list("stepwise", []);
  await until(async () => (await tally(client, 20, 5)).size === 3, "all that live are used again");
  assert.equal((await tally(client, 40, 5)).get(addresses[0]!), undefined, "the one that has stopped is not");
  assert.deepEqual(warnings.length, 1, "one line for one change of state");
  assert.match(warnings[0]!, /suddenly lists no instance of "stepwise", but 3 are connected/);

  const [fresh] = await echoes(1);
  registry.list("stepwise", [addresses[1]!, fresh!.address]);
  const listed = [addresses[1], fresh!.address].sort().join();
  await until(
    async () => [...(await tally(client, 20, 5)).keys()].sort().join() === listed,
    "those that register take over",
  );
});

test("an instance in doubt that is silent gets no calls until it answers again, and is dropped when it does not", async () => {
  const [stalled, living] = await echoes(2);
  const proxy = new SilentProxy(Number(stalled!.address.split(":")[1]));
  await proxy.start();
  open.push({ close: () => void proxy.stop() });
  const warnings: string[] = [];
  const quiet = () => {};
  setLogger({ debug: quiet, info: quiet, error: quiet, warn: (_facts, message) => warnings.push(message) });
  registry.list("stalled", [`127.0.0.1:${proxy.port}`, living!.address]);
  const client = clientOf("stalled");
  await until(async () => (await tally(client, 10, 5)).size === 2, "both are used");
  proxy.silence(); // connections that are made from now on work
  registry.list("stalled", []);
  await until(
    () => warnings.some((line) => /no answer to a probe/.test(line)),
    "without a call it is asked and found silent",
  );
  await until(async () => (await tally(client, 20, 5)).size === 2, "it answers again");
  assert.equal(proxy.accepted, 2);
  await proxy.stop();
  const used = () => tally(client, 20, 5).catch(() => undefined); // a call may just be under way to it
  await until(async () => (await used())?.size === 1, "now it has really stopped");
  await proxy.start();
  assert.deepEqual([...(await tally(client, 40, 5)).keys()], [living!.address]);
  assert.equal(proxy.accepted, 2, "nobody lists it, so nobody dials it");
});
