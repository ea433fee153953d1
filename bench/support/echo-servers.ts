/**
 * A process with bare echo servers, forked by benchmarks so that servers and client do not share an event loop:
 * arguments are each server's delay in milliseconds. Sends its parent their addresses and ends with it.
 */
import * as grpc from "@grpc/grpc-js";
import { EchoService } from "../../test/support/echo.js";

async function start(delayMs: number): Promise<string> {
  const server = new grpc.Server();
  const reply = { instance: "bench" };
  server.addService(EchoService, {
    say: (_call: unknown, callback: grpc.sendUnaryData<object>) => {
      if (delayMs > 0) setTimeout(() => callback(null, reply), delayMs);
      else callback(null, reply);
    },
    count: (call: grpc.ServerWritableStream<object, object>) => call.end(),
    chat: (call: grpc.ServerDuplexStream<object, object>) => call.end(),
  });
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(`127.0.0.1:${port}`),
    );
  });
}

process.on("disconnect", () => process.exit());
process.send!(await Promise.all(process.argv.slice(2).map((delay) => start(Number(delay)))));
