import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, createServer, get } from "node:http";
import { connect, createServer as createHttp2Server, type Http2SecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { destroySoon } from "../async/end-http2.js";
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

test("a connection that is kept alive ends with the request under way when the server is taken out", async (t) => {
  const config = checkServerConfig({ ListenOn: ":0", Shutdown: { WrapUpTime: 0, WaitTime: 60_000 } });
  const life = new HttpLife(undefined, config, false);
  const answers: (() => void)[] = [];
  const server = createServer((_request, response) => answers.push(() => response.end("served")));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  await life.enter(server);
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const asked = get({ port: (server.address() as AddressInfo).port, agent });
  await once(server, "request");
  await life.pause();
  answers[0]!();
  const [response] = await once(asked, "response");
  response.resume();
  assert.equal(response.headers.connection, "close");
  await life.close();
});

test("connections of HTTP/2 end with their last request, and what does not end is ended in time", async (t) => {
  for (const hangs of [false, true]) {
    const config = checkServerConfig({ ListenOn: ":0", Shutdown: { WrapUpTime: 10, WaitTime: hangs ? 500 : 60_000 } });
    const server = createHttp2Server((request, response) => {
      if (request.url !== "/hang") response.end("served");
    }) as unknown as Http2SecureServer;
    const life = new HttpLife(undefined, config, false);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    await life.enter(server);
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    t.after(() => destroySoon(session));
    session.on("error", () => {});
    const ended = once(session, "close");
    await once(session.request({ ":path": "/" }).resume(), "end");
    if (hangs) session.request({ ":path": "/hang" }).on("error", () => {});
    // The server has taken that up when it answers a later one.
    await once(session.request({ ":path": "/" }).resume(), "end");
    await life.close();
    await ended;
    assert.ok(!server.listening);
  }
});
