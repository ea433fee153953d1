import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { TYPESCRIPT } from "../typescript.js";

const PROGRAM = new URL("./instance-program.ts", import.meta.url).pathname;

/** A server in a process of its own, configured by a YAML file as in production. */
export interface InstanceProcess {
  /** As registered, `host:port`. */
  readonly address: string;
  readonly process: ChildProcess;
  /** Sends a signal and resolves with the exit status, or the name of the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | string>;
}

/**
 * Starts an echo server that has read this YAML; resolves when it is started. It never outlives the test.
 * @param env beside this process's own environment.
 */
export async function startInstance(yaml: string, env: NodeJS.ProcessEnv = {}): Promise<InstanceProcess> {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-instance-"));
  const file = join(folder, "service.yaml");
  writeFileSync(file, yaml);
  const child = spawn(process.execPath, [...TYPESCRIPT, PROGRAM, file], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const exited = once(child, "exit").then(([code, signal]) => {
    process.removeListener("exit", kill);
    rmSync(folder, { recursive: true, force: true });
    return (code ?? signal) as number | string;
  });
  const address = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout!).once("line", resolve);
    void exited.then((how) => reject(new Error(`the instance ended (${how}) before it had started`)));
  });
  return {
    address,
    process: child,
    end(signal) {
      child.kill(signal);
      return exited;
    },
  };
}
