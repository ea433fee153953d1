import { once } from "node:events";
import type { Command } from "commander";
import { Failure, print, printError, printJson } from "./output.js";
import { addExamples } from "./program.js";
import { readPort } from "./read-port.js";
import { addEtcdOptions, type EtcdOptions, readEtcdOptions } from "./registry/etcd-options.js";

interface ConsoleOptions extends EtcdOptions {
  readonly port: number;
  readonly health: boolean;
  readonly json?: boolean;
}

export function defineConsole(command: Command): void {
  command
    .argument("[prefix]", "only keys that begin with this", "")
    .option("--no-health", "do not ask each instance for its health (grpc.health.v1)")
    .option("--port <number>", "port on 127.0.0.1, 0 for a free one", readPort, 0);
  addEtcdOptions(command).option("--json", "print JSON").action(runConsole);
  addExamples(command, [
    ["rollcall console --etcd etcd-1:2379", "everything in an etcd; prints the page's URL, Ctrl-C ends it"],
    ["rollcall console prod/ --port 4711", "keys that begin with prod/, at a port of your choice"],
  ]);
}

async function runConsole(prefix: string, options: ConsoleOptions, command: Command): Promise<void> {
  const etcd = readEtcdOptions(options, command);
  const { serveConsole } = await import("../console/serve.js");
  const { port, health } = options;
  const served = await serveConsole({ etcd, prefix, port, health }).catch((error: Error) => {
    throw new Failure(error.message);
  });
  if (options.json) printJson({ url: served.url });
  else print(served.url);
  printError("whoever has this URL can pause and resume instances; Ctrl-C ends it");
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  await served.close();
}
