import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { connect } from "node:tls";
import { type DevRegistry, startDevRegistry } from "../../src/dev-registry/index.js";
import { Examples } from "../examples/example.js";
import { until } from "../support/until.js";

let registry: DevRegistry;
let examples: Examples;
before(async () => {
  registry = await startDevRegistry();
  examples = new Examples(registry.endpoint);
});
after(async () => {
  examples.remove();
  await registry.close();
});

/** The serial number of the certificate that the server shows to a new connection. */
async function serialAt(address: string): Promise<string> {
  const [host, port] = address.split(":");
  // What it is signed by is the programs' matter.
  const socket = connect({ host, port: Number(port), ALPNProtocols: ["h2"], rejectUnauthorized: false });
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

test("the programs of docs/tls.md: names are verified, certificates of both sides, new files taken up", async () => {
  await examples.shell("tls", "./certificates.sh");
  const server = examples.start("tls/order.ts", { POD_IP: "127.0.0.1" });
  await until(() => registry.list("order.rpc/").size === 1, "the server is listed", 60_000);
  const [address = ""] = registry.list("order.rpc/").values();

  for (const program of ["tls/shop.ts", "tls/shop-rotating.ts"]) {
    // On a busy machine a first call takes longer than the 2 s that it has by default.
    examples.replace(program, `Key: "order.rpc" } }`, `Key: "order.rpc" }, Timeout: 60_000 }`);
    const called = await examples.run(program);
    assert.equal(called.status, 0, called.stderr);
    assert.match(called.stdout, new RegExp(address));
  }

  examples.replace("tls/shop-other-name.ts", `["127.0.0.1:8080"]`, `["${address}"], Timeout: 60_000`);
  const byOverride = await examples.run("tls/shop-other-name.ts");
  assert.equal(byOverride.status, 0, byOverride.stderr);
  assert.match(byOverride.stdout, new RegExp(address));

  examples.replace("tls/shop-other-name.ts", `"grpc.ssl_target_name_override": "order.rpc", `, "");
  examples.replace("tls/shop-other-name.ts", `"grpc.default_authority": "order.rpc"`, "");
  const wrongName = await examples.run("tls/shop-other-name.ts");
  assert.equal(wrongName.status, 1);
  assert.match(wrongName.stderr, /UNAVAILABLE|DEADLINE_EXCEEDED/);

  examples.replace("tls/shop.ts", "createSsl(ca, key, certificate)", "createSsl(ca)");
  examples.replace("tls/shop.ts", ', "shop.key", "shop.pem"', "");
  const withoutCertificate = await examples.run("tls/shop.ts");
  assert.equal(withoutCertificate.status, 1);

  const old = await serialAt(address);
  await examples.shell("tls", "./certificates.sh");
  await until(async () => (await serialAt(address)) !== old, "the server shows its new certificate", 60_000);

  server.kill("SIGTERM");
  assert.deepEqual(await once(server, "exit"), [0, null]);
});
