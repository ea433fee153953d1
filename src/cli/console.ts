import { once } from "node:events";
import { type Command, InvalidArgumentError } from "commander";
import { addEtcdOptions, type EtcdOptions, readEtcdOptions } from "./etcd-options.js";
import { Failure, print, printError, toJson } from "./output.js";

interface ConsoleOptions extends EtcdOptions {
  readonly port: number;
  readonly health: boolean;
  readonly json?: boolean;
}

export function addConsole(program: Command): void {
  const command = program
    .command("console")
    .description("serve a page on this machine that shows the fleet live: instances, who calls whom, pause and resume")
    .argument("[prefix]", "only keys that begin with this", "")
    .option("--no-health", "do not ask each instance for its health (grpc.health.v1)")
    .option("--port <number>", "port on 127.0.0.1, 0 for a free one", readPort, 0);
  addEtcdOptions(command).option("--json", "print JSON").action(runConsole);
}

async function runConsole(prefix: string, options: ConsoleOptions, command: Command): Promise<void> {
  const etcd = readEtcdOptions(options, command);
  const { serveConsole } = await import("../console/serve.js");
  const served = await serveConsole({ etcd, prefix, port: options.port, health: options.health }).catch(
    (error: Error) => {
      throw new Failure(error.message);
    },
  );
  print(options.json ? toJson({ url: served.url }) : served.url);
  printError("Whoever has this URL can pause and resume instances; Ctrl-C ends it");
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  await served.close();
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65535) return port;
  throw new InvalidArgumentError("Expected a number from 0 to 65535.");
}
