import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Outcome, Traffic } from "../traffic.js";
import { TYPESCRIPT } from "../typescript.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));

let built: { bin: string } | { failure: string } | undefined;

/** Builds the Go programs of interop/ if need be. Why tests that need them cannot run, or false; an error with CI=true. */
export function interopSkipReason(): string | false {
  built ??= build();
  if ("bin" in built) return false;
  if (process.env.CI === "true") throw new Error(built.failure);
  return built.failure;
}

/** Path of a program of interop/cmd. */
export function interopProgram(name: string): string {
  const reason = interopSkipReason();
  if (reason) throw new Error(reason);
  return join((built as { bin: string }).bin, name);
}

/** What go-zero reads from a YAML file, or `{ error }` when it refuses the file. IDs are strings, as they are int64. */
export function readWithGozero(yaml: string, kind: "server" | "client" | "both"): Promise<Record<string, unknown>> {
  const file = temporaryFile("service.yaml", yaml);
  return new Promise((resolve, reject) => {
    execFile(interopProgram("gozero-config"), ["-kind", kind, "-f", file.path], (error, stdout) => {
      file.remove();
      if (error && !stdout) reject(error);
      else resolve(JSON.parse(stdout.replaceAll(/"ID":(-?\d+)/g, '"ID":"$1"')));
    });
  });
}

/** A server in a process of its own. */
export interface ServerProcess {
  readonly pid: number;
  /** SIGTERM, a graceful stop; resolves when the process has ended. */
  stop(): Promise<void>;
  /** SIGKILL; resolves when the process has ended. */
  kill(): Promise<void>;
}

/** Starts a go-zero server of interop/proto/echo.proto and resolves once it is registered and its port is bound. */
export function startGozeroServer(yaml: string, ...args: string[]): Promise<ServerProcess> {
  return serving("gozero-server", start([interopProgram("gozero-server")], yaml, args));
}

/** The same for a Rollcall server. */
export function startNodeServer(yaml: string): Promise<ServerProcess> {
  const program = join(root, "test/interop/programs/server.ts");
  return serving("a Rollcall server", start([process.execPath, ...TYPESCRIPT, program], yaml, []));
}

async function serving(what: string, { child, stop }: ReturnType<typeof start>): Promise<ServerProcess> {
  const lines = createInterface(child.stdout);
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new Error(`${what} ended (${code ?? signal}) before it served; ROLLCALL_INTEROP_LOG=1 shows its log`);
  });
  const listening = new Promise<void>((resolve) => {
    lines.on("line", (line) => line.startsWith('{"listening"') && resolve());
  });
  await Promise.race([listening, ended]);
  ended.catch(() => {});
  return { pid: child.pid!, stop: () => stop("SIGTERM"), kill: () => stop("SIGKILL") };
}

export interface GozeroClient {
  readonly traffic: Traffic;
  stop(): Promise<void>;
}

/** Starts a go-zero client that calls the service of the file's OrderRpc section without pause. */
export function startGozeroClient(yaml: string, ...args: string[]): GozeroClient {
  const { child, stop } = start([interopProgram("gozero-client")], yaml, args);
  const traffic = new Traffic();
  createInterface(child.stdout).on("line", (line) => traffic.record(JSON.parse(line) as Outcome));
  return { traffic, stop: () => stop("SIGKILL") };
}

/** The program reads its YAML from a temporary file, and ends with this process, however that ends. */
function start([program, ...first]: [string, ...string[]], yaml: string, args: string[]) {
  const file = temporaryFile("service.yaml", yaml);
  const child = spawn(program, [...first, "-tied", "-f", file.path, ...args]);
  if (process.env.ROLLCALL_INTEROP_LOG) child.stderr.pipe(process.stderr);
  else child.stderr.resume();
  const exit = once(child, "exit").then(() => file.remove());
  const stop = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exit;
  };
  return { child, stop };
}

function temporaryFile(name: string, content: string): { path: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-interop-"));
  const path = join(folder, name);
  writeFileSync(path, content);
  return { path, remove: () => rmSync(dirname(path), { recursive: true, force: true }) };
}

function build(): { bin: string } | { failure: string } {
  const { status, stdout, stderr } = spawnSync(join(root, "scripts/ensure-interop.sh"), { encoding: "utf8" });
  if (status === 0) return { bin: stdout.trim() };
  return { failure: `the Go programs of interop/ cannot be built: ${stderr.trim()}` };
}
