import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { interopProgram } from "../../test/support/real-parts/gozero.js";
import type { Outcome } from "./figures.js";

/** Where the instances are listed, and the file with the calls to make. */
export interface Task {
  /** `host:port` */
  readonly etcd: string;
  readonly key: string;
  readonly schedule: string;
}

/** A client with its balancer, in a process of its own. */
export interface Contestant {
  readonly name: string;
  readonly command: (task: Task) => readonly string[];
}

export const OURS = "Rollcall";
export const GO_ZERO = "go-zero";
export const RULE = "go-zero's rule in Node";
export const ROUND_ROBIN = "round_robin";

/**
 * @param register URL of the module that registers Rollcall with grpc-js: as published, or from its sources.
 * @param ruled the same with go-zero's rule in it (go-zero-rule.ts).
 */
export function contestants(register: URL, ruled: URL): readonly Contestant[] {
  const grpcJs = (module: URL, { etcd, key, schedule }: Task, ...args: string[]) => [
    ...[process.execPath, "--import", "tsx", "--import", module.href],
    fileURLToPath(new URL("./load.ts", import.meta.url)),
    ...[`--target=etcd:///${etcd}?key=${key}`, `--schedule=${schedule}`, ...args],
  ];
  return [
    { name: OURS, command: (task) => grpcJs(register, task) },
    {
      name: GO_ZERO,
      command: ({ etcd, key, schedule }) => [
        interopProgram("gozero-load"),
        ...["-tied", "-etcd", etcd, "-key", key, "-schedule", schedule],
      ],
    },
    { name: RULE, command: (task) => grpcJs(ruled, task) },
    { name: ROUND_ROBIN, command: (task) => grpcJs(register, task, "--policy=round_robin") },
  ];
}

/** Runs a contestant to its end. @param onBegun called when the first call is due. */
export async function perform(contestant: Contestant, task: Task, onBegun: () => void): Promise<Outcome[]> {
  const [file, ...args] = contestant.command(task);
  const child = spawn(file!, args, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ROLLCALL_LOG_LEVEL: "error", ...process.env },
  });
  const said = lastWords(child);
  const ended = once(child, "close") as Promise<[number | null]>;
  ended.catch(() => {}); // awaited below, once all is read
  const outcomes: Outcome[] = [];
  for await (const line of createInterface(child.stdout)) {
    const message = JSON.parse(line) as Outcome | { begun: true };
    if ("begun" in message) onBegun();
    else outcomes.push(message);
  }
  const [code] = await ended;
  if (code !== 0) throw new Error(`${contestant.name}'s load generator ended with ${code}:\n${said()}`);
  return outcomes;
}

/** What a program last said on standard error. */
function lastWords(child: ChildProcessByStdio<Writable, Readable, Readable>): () => string {
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (more: string) => {
    text = (text + more).slice(-4_000);
  });
  return () => text;
}
