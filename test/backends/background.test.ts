import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type DevRegistry, startDevRegistry } from "../../src/dev-registry/index.js";
import { endpoint, slice } from "../kubernetes/pod.js";
import { KubeApiServer } from "../support/real-parts/kube/stand-in.js";
import { runToEnd } from "../support/run-to-end.js";

const PROGRAM = new URL("./reading-program.ts", import.meta.url).pathname;
const ACCOUNT = mkdtempSync(join(tmpdir(), "rollcall-account-"));
const api = new KubeApiServer();
let etcd: DevRegistry;
before(async () => {
  etcd = await startDevRegistry();
  etcd.put("order.rpc/1", "10.0.0.1:8080");
  await api.start();
  api.apply(slice("order-1", [endpoint("10.0.0.1")]));
  writeFileSync(join(ACCOUNT, "token"), "reader");
  writeFileSync(join(ACCOUNT, "ca.crt"), api.certificate.cert);
});
after(async () => {
  await etcd.close();
  await api.stop();
  rmSync(ACCOUNT, { recursive: true });
});

/** Without what is logged. */
async function run(url: string, where: "background" | "foreground", apiPort: number | string = api.port) {
  const env = {
    ...process.env,
    ACCOUNT,
    KUBECONFIG: "",
    KUBERNETES_SERVICE_HOST: "127.0.0.1",
    KUBERNETES_SERVICE_PORT: String(apiPort),
  };
  const { code, lines } = await runToEnd(PROGRAM, [url, where], env);
  return { code, lines: lines.filter((line) => !line.startsWith("{")) };
}

for (const [name, url] of Object.entries({
  etcd: (): string => `etcd:///${etcd.endpoint}?key=order.rpc`,
  k8s: (): string => "k8s://shop/order:grpc",
  dns: (): string => "dns:///localhost:8080",
  "dns of an IP address": (): string => "dns:///127.0.0.1:8080",
  direct: (): string => "direct:///10.0.0.1:8080",
})) {
  test(`a watch of ${name} in the background keeps no process alive; one that is read in the foreground does`, async () => {
    const background = await run(url(), "background");
    assert.deepEqual([background.code, background.lines.length], [0, 1], background.lines.join());
    const foreground = await run(url(), "foreground");
    assert.deepEqual([foreground.code, foreground.lines.at(-1)], [0, "aborted"], foreground.lines.join());
  });
}

test("nor does one of a cluster behind HTTP/1.1, where each watch has a connection", async () => {
  const http1 = new KubeApiServer({ http1: true });
  await http1.start();
  http1.apply(slice("order-1", [endpoint("10.0.0.1")]));
  writeFileSync(join(ACCOUNT, "ca.crt"), http1.certificate.cert);
  try {
    assert.deepEqual(await run("k8s://shop/order:grpc", "background", http1.port), { code: 0, lines: ["set 1"] });
    const { lines } = await run("k8s://shop/order:grpc", "foreground", http1.port);
    assert.deepEqual(lines, ["set 1", "aborted"]);
  } finally {
    await http1.stop();
  }
});

test("nor does a watch in the background of a cluster whose API server is away", async () => {
  assert.deepEqual(await run("k8s://shop/order:grpc", "background", "1"), { code: 0, lines: [] });
});
