import type { Command } from "commander";
import { EtcdDiscovery } from "../backends/etcd/index.js";
import type { Instance } from "../instance.js";
import { ANSWER_LIMIT_MS, addEtcdOptions, type EtcdOptions, noAnswer, readEtcdOptions } from "./etcd-options.js";
import { Failure, print, printError } from "./output.js";
import { changesBetween, renderChange, renderChangeJson, timeOfDay } from "./watch-changes.js";

interface WatchOptions extends EtcdOptions {
  readonly json?: boolean;
}

export function addWatch(program: Command): void {
  const command = program
    .command("watch")
    .description("print every change of a service's instances: + joined, - left, ~ changed")
    .argument("<key>", "service key, for example order.rpc");
  addEtcdOptions(command).option("--json", "print JSON, one object a line").action(watch);
}

async function watch(service: string, options: WatchOptions, command: Command): Promise<void> {
  const settings = readEtcdOptions(options, command);
  const given = new AbortController();
  let failure = noAnswer(settings);
  let answered = false;
  const limit = setTimeout(() => given.abort(), ANSWER_LIMIT_MS);
  const onTrouble = (trouble: Error | undefined) => {
    if (answered) return printError(`${timeOfDay(new Date())} ! ${trouble?.message ?? "the registry answers again"}`);
    if (!trouble) return;
    failure = new Failure(trouble.message);
    given.abort();
  };

  let before: readonly Instance[] = [];
  for await (const after of new EtcdDiscovery(settings).watch(service, { signal: given.signal, onTrouble })) {
    clearTimeout(limit);
    if (!answered && after.length === 0) printError(`no instance of ${service} yet`);
    answered = true;
    const now = new Date();
    for (const change of changesBetween(before, after)) {
      print(options.json ? renderChangeJson(change, after.length, now) : renderChange(change, after.length, now));
    }
    before = after;
  }
  clearTimeout(limit);
  throw failure;
}
