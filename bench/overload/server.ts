/**
 * A server whose handler keeps its thread busy for 2 ms a call, forked by bench/overload.ts. Argument: `on` or `off`, whether it
 * refuses calls when it is full. Sends its parent its port and ends with it.
 */
import type * as grpc from "@grpc/grpc-js";
import { createServer } from "../../src/index.js";
import { EchoService, echoHandlers } from "../../test/support/echo.js";

const WORK_MS = 2;

/** Time on a CPU: on a busy machine 2 ms by the clock would be less work. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
const on = process.argv[2] === "on";

const busy: grpc.handleUnaryCall<object, object> = (_call, callback) => {
  for (const until = cpuMs() + WORK_MS; cpuMs() < until; );
  callback(null, { instance: "bench" });
};

const server = createServer(
  { ListenOn: "127.0.0.1:0", ...(!on && { CpuThreshold: 0, Middlewares: { Breaker: false } }) },
  (one) => one.addService(EchoService, { ...echoHandlers(() => "bench"), say: busy }),
  { signals: false },
);
process.on("disconnect", () => process.exit());
await server.start();
process.send!(server.port);
