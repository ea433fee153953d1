/** One instance of the echo service, as an application would write it. Options are JSON in the first argument. */
import * as grpc from "@grpc/grpc-js";
import { createServer } from "../../../src/grpc/server/server.js";
import type { ServerConfig } from "../../../src/grpc/server/server-config.js";
import { EchoService, echoHandlers } from "../../support/echo.js";
import { type Held, held } from "./held.js";

export interface InstanceOptions {
  /** What it says of itself in its answers. */
  readonly name: string;
  readonly config: ServerConfig;
}

/** What the test may ask. */
export type InstanceOrder = "pause" | "resume" | "count" | "held";

/** What it tells the test. */
export type InstanceNews =
  | { readonly event: "ready" }
  | {
      readonly event: InstanceOrder /** Echo calls that have arrived so far. */;
      readonly arrived: number;
      readonly held?: Held;
    };

const { name, config } = JSON.parse(process.argv[2]!) as InstanceOptions;
const tell = (news: InstanceNews) => process.send?.(news);
let arrived = 0;

const server = createServer(
  config,
  (s) =>
    s.addService(
      EchoService,
      echoHandlers(() => name),
    ),
  {
    serverOptions: {
      interceptors: [
        (method, call) => {
          if (method.path.startsWith("/test.Echo/")) arrived += 1;
          return new grpc.ServerInterceptingCall(call);
        },
      ],
    },
  },
);

process.on("message", async (order: InstanceOrder) => {
  if (order === "pause") await server.pause();
  if (order === "resume") await server.resume();
  tell({ event: order, arrived, ...(order === "held" && { held: await held() }) });
});
// Its end is the end of the test; while it lasts it must not keep an instance alive.
process.channel?.unref();

process.on("disconnect", () => process.exit());

await server.start();
tell({ event: "ready" });
