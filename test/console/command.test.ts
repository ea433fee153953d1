import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { EtcdRegistrar } from "../../src/backends/etcd/index.js";
import type { Fleet } from "../../src/console/model.js";
import { type DevRegistry, startDevRegistry } from "../../src/dev-registry/index.js";
import { linesOf, runCli, startCli } from "../support/programs/cli.js";

let registry: DevRegistry;
before(async () => {
  registry = await startDevRegistry();
});
after(() => registry.close());

/** The first event of a console: the whole fleet, once it knows one. */
async function fleetAt(url: string): Promise<Fleet> {
  for (;;) {
    const response = await fetch(`${url}events`);
    let text = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.includes("\n\n")) break;
    }
    const fleet = JSON.parse(/data: (.*)\n\n/.exec(text)![1]!) as Fleet;
    if (fleet.version > 0) return fleet;
  }
}

test("rollcall console prints its URL, serves the page from source, and ends with Ctrl-C", async (t) => {
  const registration = await new EtcdRegistrar({ hosts: [registry.endpoint] }).register("order.rpc", {
    address: "127.0.0.1:1",
  });
  const child = startCli(t, ["console", "--etcd", registry.endpoint, "--no-health"]);
  const { value: url } = await linesOf(child).next();
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/$/);
  const page = await fetch(url);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /<script type="module" src="page.js">/);
  assert.equal((await fetch(`${url}page.js`)).headers.get("content-type"), "text/javascript; charset=utf-8");
  assert.deepEqual(
    (await fleetAt(url)).rows.map(({ id }) => id),
    ["order.rpc 127.0.0.1:1"],
  );
  child.kill("SIGINT");
  const [code] = await once(child, "exit");
  assert.equal(code, 0);
  await registration.deregister();
});

test("a prefix narrows what is shown, --json gives the URL to programs, and a taken port is said", async (t) => {
  const registrar = new EtcdRegistrar({ hosts: [registry.endpoint] });
  const registrations = await Promise.all(
    ["prod/order.rpc", "test/order.rpc"].map((service) => registrar.register(service, { address: "127.0.0.1:1" })),
  );
  const child = startCli(t, ["console", "prod/", "--etcd", registry.endpoint, "--json", "--no-health"]);
  const { value } = await linesOf(child).next();
  const { url } = JSON.parse(value) as { url: string };
  assert.deepEqual(
    (await fleetAt(url)).rows.map(({ service }) => service),
    ["prod/order.rpc"],
  );
  const { code, stderr } = await runCli(t, ["console", "--etcd", registry.endpoint, "--port", new URL(url).port]);
  assert.equal(code, 1);
  assert.match(stderr, /cannot listen on 127\.0\.0\.1, port \d+/);
  await Promise.all(registrations.map((registration) => registration.deregister()));
});
