import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { EchoService, echoHandlers } from "../../../test/support/echo.js";
import type { LargeServiceCost, LargeServiceOrder } from "./large-service-program.js";

/** A client of a service with very many instances, in a process of its own. */
export function largeServiceClient(order: LargeServiceOrder): Promise<LargeServiceCost> {
  return answerOf("large-service-program", [JSON.stringify(order)]);
}

/** Memory that a gRPC client holds for each instance it is really connected to, in kilobytes. */
export async function grpcConnectionKb(connections: number): Promise<number> {
  const server = new grpc.Server();
  server.addService(
    EchoService,
    echoHandlers(() => "one for all"),
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("0.0.0.0:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  try {
    return await answerOf("grpc-connections-program", [String(port), String(connections)]);
  } finally {
    server.forceShutdown();
  }
}

/** What a program beside this file tells its parent. */
async function answerOf<T>(name: string, args: readonly string[]): Promise<T> {
  const snapshots = mkdtempSync(join(tmpdir(), "rollcall-large-"));
  const child = fork(new URL(`./${name}.ts`, import.meta.url), args, {
    execArgv: ["--expose-gc", "--max-old-space-size=8192", "--import", "tsx"],
    env: { ...process.env, ROLLCALL_SNAPSHOT_DIR: snapshots },
  });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`${name} ended with ${code}: ${args.join(" ")}`);
  });
  try {
    const [answer] = await Promise.race([once(child, "message"), ended]);
    return answer as T;
  } finally {
    ended.catch(() => {});
    child.kill("SIGKILL");
    rmSync(snapshots, { recursive: true, force: true });
  }
}
