/**
 * Calls the echo service at a steady rate, by Rollcall or by grpc-js' round_robin, and remembers how each call went. Options are
 * JSON in the first argument. Its parent says "go", "rest", "seen" (who has answered so far?) and "end" (everything, please).
 */
import { setTimeout as pause } from "node:timers/promises";
import * as grpc from "@grpc/grpc-js";
import { createClient } from "../../src/index.js";
import { EchoClient } from "../../test/support/echo.js";
import type { CallRecord } from "./figures.js";

export interface CallerOptions {
  readonly client: { readonly registry: string; readonly key: string } | { readonly roundRobin: readonly string[] };
  /** Calls a second. */
  readonly rate: number;
  /** Of each call, in milliseconds; 0 is none. */
  readonly deadlineMs: number;
}

const LEAST_DRAIN_MS = 3_000;
const READY_LIMIT_MS = 60_000;

export type Order = "go" | "rest" | "seen" | "end";

const options = JSON.parse(process.argv[2]!) as CallerOptions;
const client = connect();
const records: { startedAt: number; endedAt?: number; instance?: string; code?: string }[] = [];
let pace: NodeJS.Timeout | undefined;

// What is loaded and compiled at a first connection is not the network's time.
await new Promise((resolve) => client.waitForReady(Date.now() + READY_LIMIT_MS, resolve));

process.on("message", (order: Order) => {
  if (order === "go") go();
  if (order === "rest" || order === "end") clearInterval(pace);
  if (order === "seen") process.send!([...new Set(records.map(({ instance }) => instance))].filter(Boolean));
  if (order === "end") void end();
});
process.on("disconnect", () => process.exit());

/** Calls that are due are made, however late the timer is. */
function go(): void {
  const began = performance.now();
  let made = 0;
  pace = setInterval(() => {
    for (const due = ((performance.now() - began) / 1_000) * options.rate; made < due; made++) call();
  }, 5);
}

function call(): void {
  const record: (typeof records)[number] = { startedAt: now() };
  records.push(record);
  // Rollcall's client has a Timeout; grpc-js has none but a call's own.
  const deadline =
    "roundRobin" in options.client && options.deadlineMs > 0 ? { deadline: Date.now() + options.deadlineMs } : {};
  client.say({}, deadline, (error, reply) => {
    record.endedAt = now();
    if (error) record.code = grpc.status[error.code]!;
    else record.instance = reply!.instance;
  });
}

/** Calls under way may end as their deadline allows; what has none is given up after some time. */
async function end(): Promise<void> {
  const limit = performance.now() + Math.max(options.deadlineMs, LEAST_DRAIN_MS) + 500;
  while (performance.now() < limit && records.some(({ endedAt }) => endedAt === undefined)) await pause(20);
  process.send!(records satisfies CallRecord[], () => process.exit());
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

function connect(): EchoClient {
  if ("registry" in options.client) {
    const { registry, key } = options.client;
    return createClient(EchoClient, { Etcd: { Hosts: [registry], Key: key }, Timeout: options.deadlineMs });
  }
  return new EchoClient(`ipv4:${options.client.roundRobin.join(",")}`, grpc.credentials.createInsecure(), {
    "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  });
}
