import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { checkServerConfig } from "../config/check.js";
import { HttpLife } from "./http-life.js";

test("a server on a socket of the file system drains like any other, and cannot be registered", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "shop.sock");
  const config = checkServerConfig({ ListenOn: ":0", Shutdown: { WrapUpTime: 10, WaitTime: 500 } });
  const server = createServer().listen(path);
  await once(server, "listening");
  const target = { scheme: "etcd", hosts: ["127.0.0.1:1"], service: "shop.http", params: {} };
  await assert.rejects(new HttpLife(target, config, false).enter(server), /listens on .*shop\.sock; only a host and/);
  const life = new HttpLife(undefined, config, false);
  await life.enter(server);
  assert.ok(life.serving);
  await life.close();
  assert.ok(!life.serving && !server.listening);
});
