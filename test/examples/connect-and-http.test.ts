import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { type DevRegistry, startDevRegistry } from "../../src/dev-registry/index.js";
import { until } from "../support/until.js";
import { Examples } from "./example.js";

let registry: DevRegistry;
let examples: Examples;

before(async () => {
  registry = await startDevRegistry();
  examples = new Examples(registry.endpoint);
  for (const recipe of ["http", "connect"]) {
    const child = examples.start(`any-server/${recipe}.ts`, { PORT: "0", POD_IP: "127.0.0.1" });
    child.stderr!.resume();
  }
  for (const key of ["order.http", "order.rpc"]) {
    await until(() => registry.list(`${key}/`).size === 1, `${key} is listed`, 60_000);
  }
});

after(async () => {
  examples.remove();
  await registry.close();
});

for (const program of ["fetch", "connect", "pool"]) {
  test(`${program}.ts is answered by the service, and ends by itself`, async () => {
    const { status, stdout, stderr } = await examples.run(`connect-and-http/${program}.ts`);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /servedBy: '\d+'/, stdout + stderr);
  });
}

test("the quick starts of docs/connect-and-http.md are the programs that are run", () => {
  const page = readFileSync("docs/connect-and-http.md", "utf8");
  const shown = [...page.matchAll(/^```ts\n(.*?)^```/gms)].map(([, text]) => text!);
  const programs = ["fetch", "connect", "pool"].map((name) =>
    readFileSync(`examples/connect-and-http/${name}.ts`, "utf8"),
  );
  assert.deepEqual(shown, programs);
});
