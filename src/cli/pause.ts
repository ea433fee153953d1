import type { Command } from "commander";
import { pauseInstance, resumeInstance } from "../backends/etcd/index.js";
import { count, print, printError, printJson } from "./output.js";
import { addEtcdOptions, answerOf, type EtcdOptions, readEtcdOptions } from "./registry/etcd-options.js";

type Change = typeof pauseInstance;

interface PauseOptions extends EtcdOptions {
  readonly json?: boolean;
}

export function definePause(command: Command): void {
  addArguments(command).action((key: string, address: string, options: PauseOptions, self: Command) =>
    carryOut(pauseInstance, key, address, options, self, ({ changed, listed }) => {
      if (listed === 0) {
        printError(
          `warning: no instance of ${key} is listed now. Clients that are connected go on calling the paused ones ` +
            "(empty-update protection), new ones wait",
        );
      }
      return `${address} ${changed ? "is paused" : "was paused already"}: ${count(listed, "instance")} of ${key} listed`;
    }),
  );
}

export function defineResume(command: Command): void {
  addArguments(command).action((key: string, address: string, options: PauseOptions, self: Command) =>
    carryOut(resumeInstance, key, address, options, self, ({ changed, listed }) => {
      return `${address} ${changed ? "is listed again" : "was not paused"}: ${count(listed, "instance")} of ${key} listed`;
    }),
  );
}

function addArguments(command: Command): Command {
  return addEtcdOptions(
    command
      .argument("<key>", "service key, for example order.rpc")
      .argument("<address>", "host:port, as `rollcall ls` shows it"),
  )
    .option("--json", "print JSON")
    .addHelpText("after", () => `\nExample:\n  rollcall ${command.name()} order.rpc 10.0.0.1:8080`);
}

async function carryOut(
  change: Change,
  key: string,
  address: string,
  options: PauseOptions,
  command: Command,
  inWords: (outcome: Awaited<ReturnType<Change>>) => string,
): Promise<void> {
  const settings = readEtcdOptions(options, command);
  const outcome = await answerOf(settings, (signal) => change(settings, key, address, signal));
  const words = inWords(outcome);
  if (options.json) printJson({ service: key, address, ...outcome });
  else print(words);
}
