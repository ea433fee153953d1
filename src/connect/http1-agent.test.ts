import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { stall } from "../testing/stall.js";
import { agentFor } from "./http1-agent.js";

test("a connection that a stall of this process holds up is made all the same", async (t) => {
  const server = createServer((_, response) => response.end()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const agent = agentFor({ address: { host: "127.0.0.1", port }, tls: undefined, name: "127.0.0.1" }, 100);
  t.after(() => {
    agent.destroy();
    server.close();
  });
  const asked = get({ host: "127.0.0.1", port, agent });
  stall(200);
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  answer.resume();
  assert.equal(answer.statusCode, 200);
});
