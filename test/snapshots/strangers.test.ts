import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { parseAddress } from "../../src/address.js";
import { hold } from "../../src/async/hold.js";
import { fileNameOf, writeSnapshot } from "../../src/discovery/snapshot-file.js";
import { createClient, setLogLevel } from "../../src/index.js";
import { parseTargetUrl } from "../../src/target/parse.js";
import { EchoClient, EchoService, echoHandlers, say } from "../support/echo.js";
import { FixtureRegistry } from "../support/fixture-backend.js";
import { until } from "../support/until.js";

const dir = mkdtempSync(join(tmpdir(), "rollcall-strangers-"));
setLogLevel("silent");
const release = hold(); // a call that waits holds no process
after(() => {
  release();
  rmSync(dir, { recursive: true, force: true });
});

// Nobody catches what is thrown in the background, and Node's test runner counts it for no test.
const thrown: unknown[] = [];
process.on("uncaughtExceptionMonitor", (error) => thrown.push(error));

const raw = { requestStream: false, responseStream: false, requestSerialize: same, requestDeserialize: same };
const CheckOnly = {
  check: { path: "/grpc.health.v1.Health/Check", ...raw, responseSerialize: same, responseDeserialize: same },
} as const;
function same(bytes: Buffer): Buffer {
  return bytes;
}

type Answer = grpc.sendUnaryData<Buffer>;

/** What answers at an address from a snapshot, when it is asked who it is. */
const answers: Record<string, ((answer: Answer) => void) | undefined> = {
  "has no health service": undefined,
  "answers nothing": () => {},
  "answers what is no message of health": (answer) => answer(null, Buffer.from([0x08])),
};

/** @returns its address. */
async function listening(server: grpc.Server): Promise<string> {
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return `127.0.0.1:${port}`;
}

/** Leaves a snapshot that names one instance. */
function remember(url: string, address: string): void {
  const target = parseTargetUrl(url);
  const instances = [{ instance: { address }, addresses: [parseAddress(address)] }];
  writeFileSync(join(dir, fileNameOf(target)), writeSnapshot(target, { instances, at: Date.now() }), { mode: 0o600 });
}

/** Waits until the one that says "here" answers. */
function listedAndCalled(client: EchoClient): Promise<void> {
  const answers = () =>
    say(client, {}, { deadline: Date.now() + 5_000 }).then(
      ({ instance }) => instance === "here",
      () => false,
    );
  return until(answers, "it is called once it is listed", 30_000);
}

for (const [what, answer] of Object.entries(answers)) {
  test(`an instance from a snapshot that ${what} when asked who it is gets no call, until the registry lists it`, async () => {
    const server = new grpc.Server();
    let asked = 0;
    server.addService(
      EchoService,
      echoHandlers(() => "here"),
    );
    if (answer) {
      server.addService(CheckOnly, {
        check: (_call: unknown, respond: Answer) => {
          asked += 1;
          answer(respond);
        },
      });
    }
    const address = await listening(server);

    const registry = new FixtureRegistry("strangers");
    registry.silence();
    const url = registry.target(what);
    remember(url, address);

    const client = createClient(EchoClient, { Target: url, Snapshot: { Dir: dir } });
    await assert.rejects(say(client, {}, { deadline: Date.now() + 4_000 }), /strangers registry\.test:1/);
    if (answer) assert.ok(asked > 0);
    registry.list(what, [address]);
    await listedAndCalled(client);
    assert.deepEqual(thrown, []);
    client.close();
    server.forceShutdown();
  });
}

test("a policy of grpc-js, which asks nobody who he is, does not start from a snapshot", async () => {
  const server = new grpc.Server();
  let called = 0;
  server.addService(
    EchoService,
    echoHandlers(() => {
      called += 1;
      return "here";
    }),
  );
  const address = await listening(server);
  const registry = new FixtureRegistry("strangers");
  registry.silence();
  const url = registry.target("unasked");
  remember(url, address);

  process.env.ROLLCALL_SNAPSHOT_DIR = dir;
  const client = new EchoClient(url, grpc.credentials.createInsecure(), {
    "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  });
  await assert.rejects(say(client, {}, { deadline: Date.now() + 2_000 }));
  assert.equal(called, 0);
  registry.list("unasked", [address]);
  await listedAndCalled(client);
  client.close();
  server.forceShutdown();
  delete process.env.ROLLCALL_SNAPSHOT_DIR;
});
