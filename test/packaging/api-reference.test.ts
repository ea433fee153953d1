import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("the API reference is built by one command, and has a page for what each entry point is for", async (t) => {
  const out = await mkdtemp(join(tmpdir(), "rollcall-api-"));
  t.after(() => rm(out, { recursive: true, force: true }));
  await promisify(execFile)("npm", ["run", "--silent", "docs:api", "--", "--out", out], { cwd: root });
  const pages = new Set<string>();
  for (const folder of ["functions", "classes", "interfaces"]) {
    for (const page of await readdir(join(out, folder))) pages.add(page.replace(/\.html$/, ""));
  }
  for (const page of [
    "index.createServer",
    "index.createClient",
    "index.Backend",
    "balancer.P2cEwma",
    "pool.createPool",
    "connect.createRollcallTransport",
    "dev-registry.startDevRegistry",
  ]) {
    assert.ok(pages.has(page), `no page ${page}`);
  }
});
