import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { constants, createSecureServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { rollcallInterceptor } from "../../src/undici/index.js";
import { Authority } from "../etcd/certificates.js";
import { until } from "../support/until.js";
import { type Contestant, contestants, fetchOf } from "./contestants.js";

type Answer = (stream: ServerHttp2Stream) => void;

const echo: Answer = (stream) => {
  stream.respond({ ":status": 200 });
  stream.pipe(stream);
};

/** Refuses all streams, and counts them. */
function refusing() {
  const refusal = {
    count: 0,
    answer: (stream: ServerHttp2Stream) => {
      refusal.count += 1;
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
    },
  };
  return refusal;
}

/** Servers that speak HTTP/2, and what asks them. */
async function http2Fleet(t: TestContext, { undici }: Contestant, answers: readonly Answer[]) {
  using authority = new Authority();
  const { certFile, keyFile } = authority.sign("order", 2, "DNS:order.http");
  const [cert, key, ca] = [certFile, keyFile, authority.caFile].map((file) => readFileSync(file, "utf8"));
  const listening = answers.map(async (answer) => {
    const server = createSecureServer({ cert: cert!, key: key! });
    server.on("stream", (stream) => answer(stream.on("error", () => {})));
    server.listen(0, "127.0.0.1");
    t.after(() => server.close());
    await once(server, "listening");
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  const interceptor = rollcallInterceptor(`direct:///${(await Promise.all(listening)).join(",")}`);
  const agent = new undici.Agent({ allowH2: true, connect: { ca: ca! } });
  t.after(async () => {
    await interceptor.close();
    await agent.destroy();
  });
  await until(() => interceptor.stats().ready === answers.length, "all accept connections");
  return { interceptor, dispatcher: agent.compose(interceptor as never) };
}

for (const contestant of contestants) {
  const { name, undici, global } = contestant;

  test(`${name}: a request that is refused unprocessed over HTTP/2 is made elsewhere, text and bytes included`, async (t) => {
    // Fetch makes a stream of each body.
    for (const body of global ? [undefined] : [undefined, "text", Buffer.from("text")]) {
      const refusal = refusing();
      const { interceptor, dispatcher } = await http2Fleet(t, contestant, [refusal.answer, echo]);
      while (refusal.count === 0) {
        if (body === undefined) {
          assert.equal((await fetchOf(contestant)("https://order.http/", { dispatcher })).status, 200);
        } else {
          const answer = await undici.request("https://order.http/", { dispatcher, method: "POST", body });
          assert.equal(await answer.body.text(), "text");
        }
      }
      assert.equal(interceptor.stats().ready, 2, "who refuses can be connected to");
    }
  });

  if (global) continue;

  test(`${name}: a request whose body has been consumed is made once, refused or not`, async (t) => {
    const [one, other] = [refusing(), refusing()];
    const { interceptor, dispatcher } = await http2Fleet(t, contestant, [one.answer, other.answer]);
    const body = Readable.from(["te", "xt"]);
    const made = undici.request("https://order.http/", { dispatcher, method: "POST", body });
    await assert.rejects(made, /NGHTTP2_REFUSED_STREAM/);
    assert.equal(one.count + other.count, 1);
    assert.ok(interceptor.stats().instances.some(({ failureRate }) => failureRate > 0));
  });
}
