import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { after, beforeEach, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { createClient } from "../../../src/index.js";
import { EchoClient, echoHandlers, say, startBareEcho } from "../../support/echo.js";
import { FixtureRegistry } from "../../support/fixture-backend.js";
import { selfSigned } from "../../support/real-parts/kube/certificate.js";

const VARIABLES = ["grpc_proxy", "https_proxy", "http_proxy"] as const;
const open: (() => unknown)[] = [];
after(() => Promise.all(open.map((close) => close())));
beforeEach(() => {
  for (const variable of [...VARIABLES, "no_proxy", "no_grpc_proxy"]) delete process.env[variable];
});

/** An HTTP proxy that connects to where it is asked to, and remembers the question. */
async function startProxy() {
  const asked: string[] = [];
  const proxy = createServer().on("connect", (request, socket) => {
    asked.push(request.url ?? "");
    const [host, port] = (request.url ?? "").split(":");
    const out = connect(Number(port), host!, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      out.pipe(socket);
      socket.pipe(out);
    });
    for (const [one, other] of [
      [out, socket],
      [socket, out],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  open.push(() => proxy.close());
  return { asked, url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
}

const registry = new FixtureRegistry("proxied");
const insecure = grpc.credentials.createInsecure();

function bare(target: string, options: grpc.ClientOptions = {}): EchoClient {
  const client = new EchoClient(target, insecure, options);
  open.push(() => client.close());
  return client;
}

for (const variable of VARIABLES) {
  test(`with ${variable} set, neither a registry's target nor its instances are asked of the proxy, as plain names are`, {
    timeout: 60_000,
  }, async () => {
    const { asked, url } = await startProxy();
    const echo = await startBareEcho();
    open.push(echo.stop);
    registry.list("order", [echo.address]);
    process.env[variable] = url;

    assert.equal((await say(bare(echo.address))).instance, echo.address);
    assert.deepEqual(asked.splice(0), [echo.address], "plain grpc-js asks the proxy");
    // Of both forms grpc-js makes a host and no host: one has a colon too many, the other none.
    for (const target of [
      registry.target("order"),
      `${registry.scheme}:///a.test:1,b.test:2?key=order`,
      `direct:///${echo.address},${echo.address}`,
      ` ${registry.scheme.toUpperCase()}:///a.test:1,b.test:2?key=order`,
    ]) {
      const options = [{}, { "grpc.default_authority": "order.test" }];
      for (const option of options) assert.equal((await say(bare(target, option))).instance, echo.address, target);
      for (const name of ["round_robin", "pick_first"]) {
        const config = JSON.stringify({ loadBalancingConfig: [{ [name]: {} }] });
        assert.equal((await say(bare(target, { "grpc.service_config": config }))).instance, echo.address);
      }
    }
    const client = createClient(EchoClient, { Endpoints: [echo.address, "127.0.0.1:1"] });
    open.push(() => client.close());
    assert.equal((await say(client)).instance, echo.address);
    assert.deepEqual(asked, []);
  });
}

test("a bare client's dns:/// is left to the proxy, as with plain grpc-js; createClient's is not", async () => {
  const { asked, url } = await startProxy();
  const echo = await startBareEcho();
  open.push(echo.stop);
  process.env.http_proxy = url;
  assert.equal((await say(bare(`dns:///${echo.address}`))).instance, echo.address);
  assert.deepEqual(asked.splice(0), [echo.address]);
  const client = createClient(EchoClient, { Target: `dns:///${echo.address}` });
  open.push(() => client.close());
  assert.equal((await say(client)).instance, echo.address);
  assert.deepEqual(asked, []);
  process.env.no_proxy = "127.0.0.1";
  assert.equal((await say(bare(`dns:///${echo.address}`))).instance, echo.address);
  assert.deepEqual(asked, [], "no_proxy is honoured");
});

test("where a proxy is set TLS verifies the name of the service, not of the proxy", async () => {
  const { url } = await startProxy();
  process.env.https_proxy = url;
  // For 127.0.0.1, where the proxy is as well, and localhost.
  const { cert, key } = selfSigned();
  const server = new grpc.Server();
  server.addService(
    EchoClient.service,
    echoHandlers(() => "secure"),
  );
  const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) };
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createSsl(null, [pair]), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  open.push(() => server.forceShutdown());
  const client = (service: string) => {
    registry.list(service, [`127.0.0.1:${port}`]);
    const target = `${registry.scheme}:///a.test:1,b.test:2?key=${encodeURIComponent(service)}`;
    const made = new EchoClient(target, grpc.credentials.createSsl(Buffer.from(cert)));
    open.push(() => made.close());
    return made;
  };
  assert.equal((await say(client("shop/localhost"))).instance, "secure");
  await assert.rejects(say(client("shop/stock")), /Host: stock/);
});
