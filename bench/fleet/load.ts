/**
 * A bare grpc-js client that makes the calls of a schedule, each at its time; interop/cmd/gozero-load is the same in Go, and
 * both print the same. `rollcall/register` is imported on the command line, from what is published or from the sources.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import * as grpc from "@grpc/grpc-js";
import type { Outcome } from "./figures.js";
import type { ScheduledCall } from "./schedule.js";
import { type Empty, FleetService } from "./service.js";

/** So long before the first call is due, so that the thread which says so is there. */
const HEAD_START_MS = 500;

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    schedule: { type: "string" },
    /** A policy of grpc-js instead of the one that Rollcall's resolver selects. */
    policy: { type: "string" },
  },
});
process.stdin.on("end", () => process.exit(1)).resume(); // the parent is gone

const calls = JSON.parse(readFileSync(values.schedule!, "utf8")) as ScheduledCall[];
const client = new grpc.Client(values.target!, grpc.credentials.createInsecure(), {
  ...(values.policy && {
    "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ [values.policy]: {} }] }),
  }),
});
const outcomes: Outcome[] = Array(calls.length);
let left = calls.length;
const began = performance.now() + HEAD_START_MS;
const clock = new Worker(new URL("./due.mjs", import.meta.url), {
  execArgv: [],
  workerData: { times: Float64Array.from(calls, ({ atMs }) => atMs), began: performance.timeOrigin + began },
});
setTimeout(() => console.log(JSON.stringify({ begun: true })), HEAD_START_MS);
clock.on("message", (index: number) =>
  makeCall(calls[index]!, (outcome) => {
    outcomes[index] = outcome;
    left -= 1;
    if (left === 0) finish();
  }),
);

function makeCall(call: ScheduledCall, done: (outcome: Outcome) => void): void {
  const start = performance.now();
  const lateMs = start - began - call.atMs;
  let answered: number | undefined;
  const end = (code: grpc.status, from: grpc.ClientUnaryCall | grpc.ClientReadableStream<Empty>) => {
    const ms = (answered ?? performance.now()) - start;
    done({ ms, lateMs, ok: code === grpc.status.OK, code: grpc.status[code], peer: from.getPeer() });
  };
  const { requestSerialize, responseDeserialize } = FleetService.fast;
  const options = { deadline: Date.now() + call.deadlineMs };
  if (call.stream) {
    const opened = client.makeServerStreamRequest(
      call.method,
      requestSerialize,
      responseDeserialize,
      call.workMs,
      options,
    );
    opened.on("data", () => {
      answered ??= performance.now();
    });
    opened.on("error", () => {}); // told by the status
    opened.on("status", ({ code }) => end(code, opened));
  } else {
    const made = client.makeUnaryRequest(
      call.method,
      requestSerialize,
      responseDeserialize,
      call.workMs,
      options,
      (error) => end(error ? error.code : grpc.status.OK, made),
    );
  }
}

function finish(): void {
  process.stdout.write(outcomes.map((outcome) => `${JSON.stringify(outcome)}\n`).join(""), () => process.exit());
}
