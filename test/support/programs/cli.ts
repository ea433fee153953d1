import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { TYPESCRIPT } from "../typescript.js";

const MAIN = new URL("../../../src/cli/main.ts", import.meta.url).pathname;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the real command. It does not outlive its test. */
export function startCli(
  t: TestContext,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  stdout: "pipe" | number = "pipe",
): ChildProcess {
  const { ETCD_ENDPOINTS: _endpoints, ETCD_USER: _user, ROLLCALL_LOG_LEVEL: _level, ...rest } = process.env;
  const child = spawn(process.execPath, [...TYPESCRIPT, MAIN, ...args], {
    env: { ...rest, ...env },
    stdio: ["ignore", stdout, "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

/** Collects what a command prints until it ends. */
export async function endOf(child: ChildProcess): Promise<Ended> {
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]!.setEncoding("utf8").on("data", (text: string) => {
      printed[name] += text;
    });
  }
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { code, signal, ...printed };
}

export function runCli(t: TestContext, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended> {
  return endOf(startCli(t, args, env));
}

/** The lines a command prints, as they come. */
export function linesOf(child: ChildProcess): AsyncIterator<string> {
  return createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
}
