import type { Command } from "commander";
import { type EtcdSettings, pauseInstance, resumeInstance } from "../backends/etcd/index.js";
import { addEtcdOptions, answerOf, type EtcdOptions, readEtcdOptions } from "./etcd-options.js";
import { count, print, printError } from "./output.js";

type Change = typeof pauseInstance;

export function addPause(program: Command): void {
  const command = program
    .command("pause")
    .description("take an instance out of rotation: it is listed no more, and finishes what it has");
  addArguments(command).action((key: string, address: string, options: EtcdOptions, self: Command) =>
    carryOut(pauseInstance, key, address, readEtcdOptions(options, self), async ({ changed, listed }) => {
      print(
        `${address} ${changed ? "is paused" : "was paused already"}: ${count(listed, "instance")} of ${key} listed`,
      );
      if (listed === 0) printError("none is left, which clients doubt: those that are connected go on calling it");
    }),
  );
}

export function addResume(program: Command): void {
  const command = program.command("resume").description("put a paused instance back into rotation");
  addArguments(command).action((key: string, address: string, options: EtcdOptions, self: Command) =>
    carryOut(resumeInstance, key, address, readEtcdOptions(options, self), async ({ changed, listed }) => {
      print(
        `${address} ${changed ? "is listed again" : "was not paused"}: ${count(listed, "instance")} of ${key} listed`,
      );
    }),
  );
}

function addArguments(command: Command): Command {
  return addEtcdOptions(
    command
      .argument("<key>", "service key, for example order.rpc")
      .argument("<address>", "host:port, as `rollcall ls` shows it"),
  );
}

async function carryOut(
  change: Change,
  key: string,
  address: string,
  settings: EtcdSettings,
  say: (outcome: Awaited<ReturnType<Change>>) => Promise<void>,
): Promise<void> {
  await say(await answerOf(settings, (signal) => change(settings, key, address, signal)));
}
