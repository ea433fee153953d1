import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { type DevRegistry, startDevRegistry } from "../../src/dev-registry/index.js";
import { Examples, logged } from "./example.js";

let registry: DevRegistry;
let examples: Examples;
let servers: { address: string; child: ReturnType<Examples["start"]> }[];

before(async () => {
  registry = await startDevRegistry();
  examples = new Examples(registry.endpoint);
  servers = await Promise.all(
    [1, 2].map(async () => {
      const child = examples.start("by-yaml/order.ts", { ROLLCALL_LOG_LEVEL: "info", POD_IP: "127.0.0.1" });
      const { instance } = await logged(child, "registered ");
      child.stderr!.resume();
      return { child, address: String(instance) };
    }),
  );
});

after(async () => {
  examples.remove();
  await registry.close();
});

for (const client of ["by-url/client.ts", "by-yaml/shop.ts", "proto-loader/client.ts"]) {
  test(`${client} is answered by both instances and ends by itself`, async () => {
    const { status, stdout, stderr } = await examples.run(client);
    assert.equal(status, 0, stderr);
    const answers = stdout.trim().split("\n");
    assert.equal(answers.length, 20, stdout + stderr);
    for (const answer of answers) assert.match(answer, /^order \d+ found by 127\.0\.0\.1:\d+$/);
    const found = new Set(answers.map((answer) => answer.split(" ").at(-1)!));
    assert.deepEqual([...found].sort(), servers.map(({ address }) => address).sort());
  });
}

test("a server of the quick start leaves the registry on SIGTERM and ends with status 0", async () => {
  const [{ child, address }] = servers as [(typeof servers)[number]];
  assert.ok([...registry.list("order.rpc/").values()].includes(address));
  child.kill("SIGTERM");
  const [status] = await once(child, "exit");
  assert.equal(status, 0);
  assert.ok(![...registry.list("order.rpc/").values()].includes(address));
});
