import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { credentials, ServerCredentials } from "@grpc/grpc-js";
import { startDevRegistry } from "../../src/dev-registry/index.js";
import { EtcdClient } from "../contract/etcd-client.js";
import { selfSigned } from "../support/real-parts/kube/certificate.js";
import { TYPESCRIPT } from "../support/typescript.js";

test("a port that is taken is reported, and nothing stays behind", async (t: TestContext) => {
  const first = await startDevRegistry();
  t.after(() => first.close());
  const port = Number(first.endpoint.split(":")[1]);
  await assert.rejects(startDevRegistry({ port }), { code: "EADDRINUSE" });
});

test("options that cannot be obeyed are refused by name", async () => {
  for (const [options, expected] of [
    [{ port: "2379" }, /port is "2379"; expected a port/],
    [{ port: 65_536 }, /port is 65536/],
    [{ host: "" }, /host is ""/],
    [{ minLeaseTtl: 0.5 }, /minLeaseTtl is 0.5; expected whole seconds/],
    [{ keptRevisions: -1 }, /keptRevisions is -1/],
    [{ progressNotifyIntervalMs: 1e12 }, /progressNotifyIntervalMs is 1000000000000/],
    [{ leaseTtl: 1 }, /no option "leaseTtl"/],
    [null, /takes its options by name/],
  ] as const) {
    await assert.rejects(startDevRegistry(options as never), (error: Error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, expected);
      return true;
    });
  }
});

test("listening on all interfaces, however they are written, its endpoint is one that can be called", async (t) => {
  for (const host of ["0.0.0.0", "::", "0:0::0"]) {
    const registry = await startDevRegistry({ host });
    t.after(() => registry.close());
    assert.match(registry.endpoint, /^127\.0\.0\.1:\d+$/);
  }
});

test("with a certificate it speaks TLS, and says so where it lists its member", async (t) => {
  const { cert, key } = selfSigned();
  const pair = { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) };
  const registry = await startDevRegistry({ credentials: ServerCredentials.createSsl(null, [pair]) });
  const client = new EtcdClient(registry.endpoint, credentials.createSsl(Buffer.from(cert)));
  t.after(async () => {
    client.close();
    await registry.close();
  });
  assert.deepEqual((await client.members()).members[0]!.clientURLs, [`https://${registry.endpoint}`]);
});

test("a process whose only concern was the dev registry ends by itself after close()", async () => {
  const script = `
    import { startDevRegistry } from ${JSON.stringify(new URL("../../src/dev-registry/index.ts", import.meta.url).href)};
    import { EtcdClient } from ${JSON.stringify(new URL("../contract/etcd-client.ts", import.meta.url).href)};
    const registry = await startDevRegistry();
    const client = new EtcdClient(registry.endpoint);
    await client.grant({ TTL: 600n });
    const watch = client.watch();
    await watch.created({ key: Buffer.from("k") });
    watch.call.on("error", () => {});
    client.close();
    await Promise.all([registry.close(), registry.close()]);
    console.log("closed");`;
  const child = spawn(process.execPath, [...TYPESCRIPT, "--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [[code], printed] = await Promise.all([once(child, "exit"), text(child.stdout)]);
  assert.deepEqual([printed, code], ["closed\n", 0]);
});

test("a slow reader of a watch gets everything, though not at once", async (t) => {
  const registry = await startDevRegistry();
  const client = new EtcdClient(registry.endpoint);
  const watch = client.watch();
  t.after(async () => {
    watch.close();
    client.close();
    await registry.close();
  });
  await watch.created({ key: Buffer.from("k") });
  const value = Buffer.alloc(64 * 1024);
  for (let i = 0; i < 400; i++) registry.put("k", value); // more than fits into buffers on the way
  const events = await watch.events(400);
  assert.deepEqual(
    events.map(({ kv }) => kv!.version),
    Array.from({ length: 400 }, (_, i) => BigInt(i + 1)),
  );
});

test("history is bounded: old revisions are compacted away by themselves", async (t) => {
  const registry = await startDevRegistry({ keptRevisions: 100 });
  const client = new EtcdClient(registry.endpoint);
  t.after(async () => {
    client.close();
    await registry.close();
  });
  const value = Buffer.alloc(1024);
  for (let i = 0; i < 5_000; i++) registry.put(`k${i % 10}`, value);
  const { dbSize } = await client.status();
  assert.ok(dbSize < 250n * 1024n, `${dbSize} bytes`);
  const { revision } = (await client.range({ key: Buffer.from("k0") })).header!;
  await client.range({ key: Buffer.from("k0"), revision: revision - 100n });
  assert.equal(registry.list("k").size, 10);
});

test("an IPv6 address is listened on with and without the brackets that a URL gives it", async () => {
  for (const host of ["::1", "[::1]"]) {
    const registry = await startDevRegistry({ host });
    assert.match(registry.endpoint, /^\[::1\]:\d+$/);
    await registry.close();
  }
});
