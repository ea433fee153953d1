import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import {
  createClient,
  createServer,
  rpcClientConfig,
  rpcServerConfig,
  type Server,
  setLogger,
} from "../../../src/index.js";
import { ConfigFile } from "../../../src/testing/config-file.js";
import { EchoClient, EchoService, echoHandlers } from "../../support/echo.js";
import type { ReceivedSpan } from "../../support/real-parts/otlp-collector.js";

const file = new ConfigFile();
const schema = rpcServerConfig.extend({ EchoRpc: rpcClientConfig });
const PROGRAM = fileURLToPath(new URL("./program.ts", import.meta.url));
export const METHOD = "test.Echo/Say";

interface Line {
  readonly level: string;
  readonly message: string;
  readonly facts: object;
}

/** What is logged from now on. */
export function gatherLines(): Line[] {
  const lines: Line[] = [];
  const note = (level: string) => (facts: object, message: string) => void lines.push({ level, message, facts });
  setLogger({ debug: () => {}, info: note("info"), warn: note("warn"), error: note("error") }, "info");
  return lines;
}

const yamlWith = (telemetry: string) => `Name: echo.rpc
ListenOn: 127.0.0.1:0
Shutdown: { WrapUpTime: 0s, WaitTime: 10s }
EchoRpc: { Endpoints: ["127.0.0.1:1"] }
${telemetry}
`;

/** A server and a client from one file, with this Telemetry section. */
export async function served(t: TestContext, telemetry: string) {
  const { config } = await file.read(yamlWith(telemetry), schema);
  const server: Server = createServer(
    config,
    (builder) =>
      builder.addService(
        EchoService,
        echoHandlers(() => server.address!),
      ),
    { signals: false },
  );
  await server.start();
  const client = createClient(EchoClient, { ...config.EchoRpc, Endpoints: [server.address!] });
  t.after(() => client.close());
  t.after(() => server.stop());
  return { server, client };
}

/** The same in a process of its own; what it says once it has called itself. */
export async function program(t: TestContext, telemetry: string, ...imports: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-telemetry-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "echo.yaml"), yamlWith(telemetry));
  const flags = ["tsx", ...imports].flatMap((name) => ["--import", name]);
  const child = spawn(process.execPath, [...flags, PROGRAM, join(folder, "echo.yaml")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const stop = async () => {
    child.kill("SIGTERM");
    return ((await once(child, "exit")) as [number | null])[0];
  };
  return { ...(JSON.parse(line) as { errors: string[] }), stop };
}

/** One call is two spans of one trace. */
export function assertOneCall(spans: readonly ReceivedSpan[], service: string): void {
  assert.deepEqual(
    spans.map(({ name }) => name),
    [METHOD, METHOD],
  );
  const client = spans.find(({ kind }) => kind === "CLIENT");
  const server = spans.find(({ kind }) => kind === "SERVER");
  assert.ok(client && server, JSON.stringify(spans));
  assert.equal(server.traceId, client.traceId);
  assert.equal(server.parentId, client.spanId);
  assert.deepEqual([client.service, server.service], [service, service]);
}
