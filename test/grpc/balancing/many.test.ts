import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { createClient } from "../../../src/index.js";
import { EchoClient, say, startBareEcho, tally } from "../../support/echo.js";
import { FixtureRegistry } from "../../support/fixture-backend.js";
import { until } from "../../support/until.js";
import { gatherWarnings } from "../../support/warnings.js";

const registry = new FixtureRegistry();

/** One port on as many addresses of 127.0.0.0/8 as wanted: what is behind it never says a word. */
async function startBlackHoles(t: TestContext, count: number) {
  const sockets = new Set<Socket>();
  let most = 0;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    most = Math.max(most, sockets.size);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  const { port } = server.address() as { port: number };
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const addresses = Array.from(
    { length: count },
    (_, i) => `127.0.${1 + Math.floor(i / 250)}.${1 + (i % 250)}:${port}`,
  );
  return { addresses, most: () => most };
}

const filesOpen = () => readdirSync("/proc/self/fd").length;

test("of 1,500 instances a client connects to 500, dials them in turns, and says so; calls work meanwhile", async (t) => {
  const warnings = gatherWarnings("many");
  const { addresses } = await startBlackHoles(t, 1_500);
  const servers = await Promise.all(Array.from({ length: 8 }, () => startBareEcho()));
  for (const { stop } of servers) t.after(stop);
  registry.list("many", addresses);
  const before = filesOpen();
  const client = createClient(EchoClient, { Target: registry.target("many"), Timeout: 20_000 });
  t.after(() => client.close());
  await until(() => warnings.length > 0, "it is said");
  assert.match(
    warnings[0]!.message,
    /more than 500 instances of "many" are listed: this client connects to 500 of them/,
  );
  registry.list("many", [...servers.map(({ address }) => address), ...addresses.slice(0, 400)]);
  let most = 0;
  const look = setInterval(() => {
    most = Math.max(most, filesOpen() - before);
  }, 20);
  t.after(() => clearInterval(look));
  assert.ok(await say(client), "a call among many that do not answer");
  await until(async () => (await tally(client, 64, 8)).size === 8, "all that live are used");
  assert.equal(warnings.filter(({ message }) => /more than/.test(message)).length, 1);
  t.diagnostic(`${most} files more were open at most, both ends of each connection counted`);
});

test("so many connections are dialled at a time, and dead ones hold up nobody for long", async (t) => {
  const { addresses, most } = await startBlackHoles(t, 300);
  const live = await startBareEcho();
  t.after(live.stop);
  registry.list("turns", [...addresses, live.address]);
  const client = createClient(EchoClient, { Target: registry.target("turns"), Timeout: 20_000 });
  t.after(() => client.close());
  // The live one is the last in line: it waits for a few turns of a second each.
  assert.equal((await say(client)).instance, live.address);
  t.diagnostic(`${most()} connections to those that never answer were open at most`);
});
