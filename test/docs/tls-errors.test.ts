import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { credentials, experimental, ServerCredentials, type ServerUnaryCall, status } from "@grpc/grpc-js";
import { createClient, createServer, type Server } from "rollcall";
import { find, OrderClient, type OrderHandlers, OrderService } from "../../examples/order/order.js";

const page = readFileSync("docs/tls.md", "utf8");

/** The certificates of an authority of its own. */
class Certificates {
  readonly #folder = mkdtempSync(join(tmpdir(), "rollcall-tls-"));

  constructor() {
    cpSync("examples/tls/certificates.sh", join(this.#folder, "certificates.sh"));
    execFileSync("./certificates.sh", { cwd: this.#folder, stdio: "ignore" });
  }
  path(file: string): string {
    return join(this.#folder, "certs", file);
  }
  read(file: string): Buffer {
    return readFileSync(this.path(file));
  }
  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

let ours: Certificates;
let others: Certificates;
const servers: Server[] = [];
before(() => {
  ours = new Certificates();
  others = new Certificates();
});
after(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  ours.remove();
  others.remove();
});

/** A server that answers with the name in the certificate of who calls. */
async function start(credentials?: ServerCredentials): Promise<string> {
  const orders: OrderHandlers = {
    find: (call: ServerUnaryCall<{ id: string }, unknown>, callback) => {
      const { sslPeerCertificate } = call.getAuthContext();
      callback(null, { id: call.request.id, servedBy: String(sslPeerCertificate?.subject?.CN) });
    },
  };
  const server = createServer(
    { ListenOn: "127.0.0.1:0", Shutdown: { WrapUpTime: 0 } },
    (s) => s.addService(OrderService, orders),
    { credentials, signals: false },
  );
  servers.push(server);
  await server.start();
  return server.address!;
}

const mutual = (from: Certificates) =>
  ServerCredentials.createSsl(
    from.read("ca.pem"),
    [{ cert_chain: from.read("order.pem"), private_key: from.read("order.key") }],
    true,
  );
const shop = (from: Certificates) =>
  credentials.createSsl(ours.read("ca.pem"), from.read("shop.key"), from.read("shop.pem"));

async function call(address: string, shown: ReturnType<typeof shop> | undefined, name = "order.rpc"): Promise<string> {
  const channelOptions = { "grpc.ssl_target_name_override": name, "grpc.default_authority": name };
  const client = createClient(
    OrderClient,
    { Endpoints: [address], Timeout: 60_000 },
    { credentials: shown, channelOptions },
  );
  try {
    return (await find(client, "1")).servedBy;
  } catch (error) {
    const { code, details } = error as { code: status; details: string };
    assert.equal(code, status.UNAVAILABLE, details);
    return details;
  } finally {
    client.close();
  }
}

test("a handler is told whose certificate the caller has shown", async () => {
  assert.equal(await call(await start(mutual(ours)), shop(ours)), "shop");
});

test("a call that certificates stand in the way of ends with the words of docs/tls.md", async () => {
  const address = await start(mutual(ours));
  const stranger = await start(mutual(others));
  const plain = await start();
  for (const [words, details] of [
    ["does not match certificate's altnames", await call(address, shop(ours), "cart.rpc")],
    ["self-signed certificate in certificate chain", await call(stranger, shop(ours))],
    ["wrong version number", await call(plain, shop(ours))],
  ] as const) {
    assert.ok(page.includes(words), words);
    assert.ok(details.includes(words), details);
  }
});

test("who shows no certificate, one of another authority, or speaks no TLS at all, is turned away", async () => {
  const address = await start(mutual(ours));
  for (const shown of [credentials.createSsl(ours.read("ca.pem")), shop(others), undefined]) {
    assert.match(await call(address, shown), /last error: /);
  }
});

test("a server that insists on no certificate takes every client, at once, and names none that it has not verified", async () => {
  const files = new experimental.FileWatcherCertificateProvider({
    caCertificateFile: ours.path("ca.pem"),
    certificateFile: ours.path("order.pem"),
    privateKeyFile: ours.path("order.key"),
    refreshIntervalMs: 1_000,
  });
  const address = await start(experimental.createCertificateProviderServerCredentials(files, files, false));
  assert.equal(await call(address, credentials.createSsl(ours.read("ca.pem"))), "undefined");
  assert.equal(await call(address, shop(others)), "undefined");
  assert.equal(await call(address, shop(ours)), "shop");
});
