import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { startDnsResponder } from "../support/real-parts/dns-responder.js";
import { TYPESCRIPT } from "../support/typescript.js";

const dnsModule = new URL("../../src/backends/dns/index.ts", import.meta.url).href;

/** Runs a program that watches `order:80`; resolves with its exit status when it has ended by itself. */
async function run(server: string, background: boolean, then: string): Promise<number> {
  const program = `
    import { dnsDiscovery } from ${JSON.stringify(dnsModule)};
    const target = { scheme: "dns", hosts: [${JSON.stringify(server)}], service: "order:80", params: {} };
    const abort = new AbortController();
    const reader = dnsDiscovery(target).watch("order:80", { signal: abort.signal, background: ${background} })[Symbol.asyncIterator]();
    ${then}`;
  const child = spawn(process.execPath, [...TYPESCRIPT, "--input-type=module", "-e", program], {
    stdio: "inherit",
  });
  const [status] = await once(child, "exit");
  return status as number;
}

test("after an abort nothing keeps a program alive, not even a question that a silent server never answers", async (t) => {
  const server = await startDnsResponder(() => "silence");
  t.after(() => server.close());
  const then = `
    const { equal } = await import("node:assert");
    const first = reader.next();
    setTimeout(() => abort.abort(), 10);
    equal((await first).done, true);`;
  assert.equal(await run(server.address, false, then), 0);
  assert.ok(server.questions.length <= 2, "it did not wait for its tries");
});

test("waiting for the next lookup in the background does not keep a program alive", async (t) => {
  const server = await startDnsResponder(() => ({ addresses: ["10.0.0.1"], ttl: 60 }));
  t.after(() => server.close());
  assert.equal(await run(server.address, true, "await reader.next(); void reader.next();"), 0);
});
