import type { Command } from "commander";
import { pauseInstance, resumeInstance } from "../backends/etcd/index.js";
import { addEtcdOptions, answerOf, type EtcdOptions, readEtcdOptions } from "./etcd-options.js";
import { count, print, printError, toJson } from "./output.js";

type Change = typeof pauseInstance;

interface PauseOptions extends EtcdOptions {
  readonly json?: boolean;
}

export function addPause(program: Command): void {
  const command = program
    .command("pause")
    .description("take an instance out of rotation: it is listed no more, and finishes what it has");
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

export function addResume(program: Command): void {
  const command = program.command("resume").description("put a paused instance back into rotation");
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
  ).option("--json", "print JSON");
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
  print(options.json ? toJson({ service: key, address, ...outcome }) : words);
}
