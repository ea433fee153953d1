// Several server processes behind the port $PORT, as node:cluster or PM2 start them. Prints a line when they are up;
// "drain <worker>" on standard input makes one say NOT_SERVING, and that worker alone; it goes on answering.
import cluster from "node:cluster";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import { ServerHealth } from "../../../src/grpc/server/health-service.js";
import { EchoService, echoHandlers } from "../../support/echo.js";

const WORKERS = 3;

if (cluster.isPrimary) await lead();
else serve();

async function lead(): Promise<void> {
  for (let i = 0; i < WORKERS; i++) {
    const worker = cluster.fork();
    worker.once("exit", (code) => process.exit(code));
    await new Promise((resolve) => worker.once("message", resolve));
  }
  console.log("up");
  for await (const line of createInterface({ input: process.stdin })) {
    const [order, who] = line.split(" ");
    for (const worker of Object.values(cluster.workers ?? {}))
      if (worker && String(worker.id) === who) worker.send(order!);
  }
  process.exit(0);
}

function serve(): void {
  const server = new grpc.Server();
  const health = new ServerHealth();
  health.addTo(server);
  health.set("SERVING");
  server.addService(
    EchoService,
    echoHandlers(() => String(cluster.worker!.id)),
  );
  server.bindAsync(`127.0.0.1:${process.env.PORT}`, grpc.ServerCredentials.createInsecure(), (error) => {
    if (error) throw error;
    process.send!("up");
  });
  process.on("message", () => health.set("NOT_SERVING"));
  process.on("disconnect", () => process.exit(0));
}
