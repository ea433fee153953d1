import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { test } from "node:test";
import { rollcallInterceptor } from "../../src/undici/index.js";
import { Authority } from "../etcd/certificates.js";
import { until } from "../support/until.js";
import { contestants, fetchOf } from "./contestants.js";
import { type HttpServer, startEnding, startHttp } from "./http-server.js";

for (const contestant of contestants) {
  const { name, undici } = contestant;
  const own = fetchOf(contestant);

  test(`${name}: an instance with which TLS does not come about costs no request, body included`, async (t) => {
    using authority = new Authority();
    const { certFile, keyFile } = authority.sign("order", 2, "DNS:order.http");
    const { certFile: otherCert, keyFile: otherKey } = authority.sign("other", 3, "DNS:other.http");
    const secure = (name: string, cert: string, key: string) =>
      startHttp(name, 0, { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") });
    const servers = [
      await secure("good", certFile, keyFile),
      await secure("of another name", otherCert, otherKey),
      await startHttp("without TLS"),
      await startEnding(),
    ];
    for (const server of servers) t.after(() => server.close());
    const agent = new undici.Agent({ connect: { ca: readFileSync(authority.caFile, "utf8") } });
    t.after(() => agent.destroy());
    const [good, ...others] = servers as [HttpServer, ...HttpServer[]];
    for (const bad of others) {
      const interceptor = rollcallInterceptor(`direct:///${good.address},${bad.address}`);
      const dispatcher = agent.compose(interceptor);
      await until(() => interceptor.stats().ready === 2, "both accept connections");
      for (let i = 0; i < 10; i++) {
        const body = i % 2 ? "text" : Readable.toWeb(Readable.from(["te", "xt"]));
        const answer = await own("https://order.http/", { method: "POST", body, duplex: "half", dispatcher });
        assert.equal(await answer.text(), "good");
      }
      await interceptor.close();
    }
    assert.ok(good.requests.every(({ body }) => body === "text"));
  });

  test(`${name}: TLS verifies the name in the URL, whatever address is dialled`, async (t) => {
    using authority = new Authority();
    const { certFile, keyFile } = authority.sign("order", 2, "DNS:order.http");
    const tls = { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
    const server = await startHttp("secure", 0, tls);
    const agent = new undici.Agent({ connect: { ca: readFileSync(authority.caFile, "utf8") } });
    const interceptor = rollcallInterceptor(`direct:///${server.address}`);
    const dispatcher = agent.compose(interceptor);
    t.after(async () => {
      server.close();
      await interceptor.close();
      await agent.destroy();
    });
    assert.equal(await (await own("https://order.http/", { dispatcher })).text(), "secure");
    assert.equal(server.requests[0]?.host, "order.http");
    await assert.rejects(own("https://other.http/", { dispatcher }), (error: Error) =>
      /altnames/.test(`${error.cause}`),
    );
  });
}
