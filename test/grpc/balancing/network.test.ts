import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, type TestContext, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { createClient } from "../../../src/index.js";
import { EchoClient, say, tally } from "../../support/echo.js";
import { Host, hostsSkipReason } from "../../support/network/hosts.js";
import { TYPESCRIPT } from "../../support/typescript.js";
import { until } from "../../support/until.js";
import { gatherWarnings } from "../../support/warnings.js";

const skip = hostsSkipReason();
const PROGRAM = new URL("../programs/echo-server.ts", import.meta.url).pathname;

/** A host of its own with an echo server on it. */
async function startHost(t: TestContext, index: number) {
  const host = new Host(index);
  const address = `${host.ip}:8080`;
  const [command, ...args] = [...host.run, process.execPath, ...TYPESCRIPT, PROGRAM, address];
  const child = spawn(command!, args, { stdio: ["ignore", "pipe", "inherit"] });
  t.after(async () => {
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    host[Symbol.dispose]();
  });
  await once(child.stdout, "data");
  return { host, address };
}

/** How a call or stream without a deadline ends: its status, and after how many seconds. */
function ending(call: Promise<unknown>): Promise<{ code: grpc.status; seconds: number }> {
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1_000;
  return call.then(
    () => ({ code: grpc.status.OK, seconds: seconds() }),
    ({ code }: grpc.ServiceError) => ({ code, seconds: seconds() }),
  );
}

// The kernel keeps the sockets to a host that is gone for minutes, and grpc-js offers no way to let go of them.
after(() => setTimeout(() => process.exit(), 1_000).unref());

test("a host loses its power: calls without a deadline end, the others go on, and it is used again when it is back", {
  skip,
}, async (t) => {
  gatherWarnings();
  const hosts = await Promise.all([1, 2].map((index) => startHost(t, index)));
  const [dead, living] = hosts as [(typeof hosts)[0], (typeof hosts)[0]];
  const addresses = hosts.map(({ address }) => address);
  const ours = createClient(EchoClient, { Endpoints: addresses, Timeout: 0 });
  const plain = new EchoClient(`dns:${dead.address}`, grpc.credentials.createInsecure());
  t.after(() => {
    ours.close();
    plain.close();
  });
  await until(async () => (await tally(ours, 20, 5)).size === 2, "both are used");
  await say(plain);
  // So many that some are on either host.
  const running = Array.from({ length: 12 }, () => ending(say(ours, { delayMs: 25_000 })));
  let hanging: grpc.ClientUnaryCall | undefined;
  const alone = ending(
    new Promise((resolve, reject) => {
      hanging = plain.say({ delayMs: 25_000 }, {}, (error, reply) => (error ? reject(error) : resolve(reply)));
    }),
  );
  // close() leaves it running, and it would keep this process alive for minutes.
  t.after(() => hanging?.cancel());
  await new Promise((resolve) => setTimeout(resolve, 200));
  dead.host.unplug();
  const after: string[] = [];
  for (let call = 0; call < 40; call++) after.push((await say(ours).catch(() => ({ instance: "failed" }))).instance);
  const ends = await Promise.all(running);
  const failed = ends.filter(({ code }) => code !== grpc.status.OK);
  assert.ok(failed.length > 0 && failed.length < ends.length, "those on the dead host have failed, the others not");
  const answered = Math.min(...ends.filter(({ code }) => code === grpc.status.OK).map(({ seconds }) => seconds));
  for (const { code, seconds } of failed) {
    assert.equal(code, grpc.status.UNAVAILABLE);
    assert.ok(seconds < answered, `ended after ${seconds.toFixed(1)} s, sooner than an answer came: ${answered} s`);
  }
  t.diagnostic(
    `ended after ${failed[0]!.seconds.toFixed(1)} s; of 40 calls made meanwhile ${after.filter((one) => one === "failed").length} failed`,
  );
  assert.ok(after.filter((one) => one === living.address).length >= 38, `${after}`);
  assert.equal(
    await Promise.race([alone.then(() => "ended"), new Promise((resolve) => setImmediate(resolve, "hangs"))]),
    "hangs",
  );
  dead.host.plug();
  await until(async () => (await tally(ours, 20, 5)).size === 2, "it is used again", 40_000);
});
