import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type Outcome, Traffic } from "../traffic.js";
import { interopProgram } from "./gozero.js";

/** Starts a Kratos server of interop/proto/echo.proto under the name `order`; resolves once it is registered. */
export async function startKratosServer(etcd: string, ...args: string[]) {
  const child = spawn(interopProgram("kratos-server"), ["-tied", "-etcd", etcd, ...args]);
  showLog(child.stderr);
  const ended = once(child, "exit");
  const [line] = await Promise.race([
    once(createInterface(child.stdout), "line"),
    ended.then(([code]) => Promise.reject(new Error(`kratos-server ended with ${code} before it served`))),
  ]);
  const { listening } = JSON.parse(String(line)) as { listening: string };
  return {
    address: listening,
    /** SIGTERM, Kratos' graceful stop; resolves when the process has ended. */
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** Starts a Kratos client that calls the service `order` without pause. */
export function startKratosClient(etcd: string) {
  const child = spawn(interopProgram("kratos-client"), ["-tied", "-etcd", etcd]);
  showLog(child.stderr);
  const ended = once(child, "exit");
  const traffic = new Traffic();
  createInterface(child.stdout).on("line", (line) => traffic.record(JSON.parse(line) as Outcome));
  return {
    traffic,
    stop: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function showLog(log: NodeJS.ReadableStream): void {
  if (process.env.ROLLCALL_INTEROP_LOG) log.pipe(process.stderr);
  else log.resume();
}
