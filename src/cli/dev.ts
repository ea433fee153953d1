import { once } from "node:events";
import type { Command } from "commander";
import { isLoopbackHost, isWildcardHost } from "../address.js";
import { Failure, print, printError } from "./output.js";
import { addExamples } from "./program.js";
import { readPort } from "./read-port.js";

export function defineDev(command: Command): void {
  command
    .option("--port <number>", "port to listen on, 0 for a free one", readPort, 2379)
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .action(dev);
  addExamples(command, [
    ["rollcall dev", "at 127.0.0.1:2379; prints its address, Ctrl-C ends it"],
    ["rollcall dev --port 0", "at a free port"],
  ]);
}

async function dev({ host, port }: { host: string; port: number }): Promise<void> {
  const { startDevRegistry } = await import("../dev-registry/index.js");
  const registry = await startDevRegistry({ host, port }).catch((error: Error) => {
    throw new Failure(`cannot listen on ${host}, port ${port}: ${error.message}; ${adviceOnListening(error)}`);
  });
  print(registry.endpoint);
  printError(`dev registry (etcd v3 API, in memory) at ${registry.endpoint}; Ctrl-C ends it`);
  if (!isLoopbackHost(host)) {
    printError(
      `warning: it listens on ${isWildcardHost(host) ? "all interfaces" : host}: whoever reaches this machine can read and ` +
        "change everything in it, without a password and without TLS",
    );
  }
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  await registry.close();
}

/** A port that is taken or not to be had is one thing, a host that is another machine's is another. */
function adviceOnListening({ code }: NodeJS.ErrnoException): string {
  return code === "EADDRINUSE" || code === "EACCES" ? "try --port 0" : "--host takes an address of this machine";
}
