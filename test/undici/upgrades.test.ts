import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import { until } from "../support/until.js";
import { contestants } from "./contestants.js";
import { fleet } from "./fleet.js";

const HEAD = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";

for (const contestant of contestants.filter(({ global }) => !global)) {
  const { name, undici } = contestant;

  test(`${name}: a WebSocket is a request under way until its connection is over, whether or not its handshake is right`, async (t) => {
    const { servers, interceptor } = await fleet(t, contestant, 1);
    const { server } = servers[0]!;
    const dispatcher = new undici.Agent().compose(interceptor as never);
    t.after(() => dispatcher.destroy());
    const inFlight = () => interceptor.stats().instances[0]!.inFlight;
    let kept: Duplex | undefined;
    for (const key of ["right", "wrong"]) {
      server.once("upgrade", ({ headers }, socket) => {
        kept = socket;
        const asked = `${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
        const answer = key === "right" ? createHash("sha1").update(asked).digest("base64") : "nonsense";
        // Asks for nothing but keeps the connection, as a server does that thinks that all is well.
        socket.on("error", () => {}).resume();
        socket.write(`${HEAD}Sec-WebSocket-Accept: ${answer}\r\n\r\n`);
        if (key === "right") socket.once("data", () => socket.destroy());
      });
      const socket = new undici.WebSocket("ws://order.http/", { dispatcher });
      if (key === "right") {
        await once(socket, "open");
        assert.equal(inFlight(), 1);
        socket.send("the end, please");
      } else await once(socket, "error");
      // Else the interceptor's close() would wait for it.
      await until(() => inFlight() === 0, `the WebSocket is over, its handshake was ${key}`).finally(() =>
        kept?.destroy(),
      );
    }
  });
}
