import type { Command } from "commander";
import { discoveryOf } from "../../backends/table.js";
import type { Target } from "../../registry.js";
import { Failure, print, printError } from "../output.js";
import { ANSWER_LIMIT_MS, addEtcdOptions, type EtcdOptions, noAnswer } from "../registry/etcd-options.js";
import { type Place, readPlace } from "../registry/place.js";
import { changesBetween, type Listed, renderChange, renderChangeJson, timeOfDay } from "./changes.js";
import { type FeedOptions, type Look, watchEtcd } from "./etcd-feed.js";

interface WatchOptions extends EtcdOptions {
  readonly json?: boolean;
}

export function defineWatch(command: Command): void {
  command.argument(
    "[what]",
    "a service key, or a target URL, for example k8s://shop/order:grpc; without it everything in etcd",
    "",
  );
  addEtcdOptions(command).option("--json", "print JSON, one object a line").action(watch);
}

async function watch(what: string, options: WatchOptions, command: Command): Promise<void> {
  const place = readPlace(what, options, command);
  const given = new AbortController();
  let failure = silent(place);
  let answered = false;
  const limit = setTimeout(() => given.abort(), ANSWER_LIMIT_MS);
  const onTrouble = (trouble: Error | undefined) => {
    if (answered) return printError(`${timeOfDay(new Date())} ! ${trouble?.message ?? "the registry answers again"}`);
    if (!trouble) return;
    failure = new Failure(trouble.message);
    given.abort();
  };

  let before: readonly Listed[] | undefined;
  for await (const { listed, why } of looks(place, { signal: given.signal, onTrouble })) {
    clearTimeout(limit);
    if (!answered && listed.length === 0) printError(nothing(place));
    answered = true;
    const now = new Date();
    for (const change of changesBetween(before, listed, why)) {
      print(options.json ? renderChangeJson(change, now) : renderChange(change, now, what === ""));
    }
    before = listed;
  }
  clearTimeout(limit);
  throw failure;
}

function looks(place: Place, options: FeedOptions): AsyncIterable<Look> {
  return place.kind === "etcd" ? watchEtcd(place.settings, place.service, options) : watchTarget(place.target, options);
}

/** Other backends do not say why an instance left. */
async function* watchTarget(target: Target, options: FeedOptions): AsyncGenerator<Look> {
  const { service } = target;
  const { discovery, target: read } = await discoveryOf(target);
  for await (const instances of discovery.watch(read.service, options)) {
    yield { listed: instances.map((instance) => ({ service, instance })), why: () => undefined };
  }
}

function silent(place: Place): Failure {
  return place.kind === "etcd"
    ? noAnswer(place.settings)
    : new Failure(`no answer within ${ANSWER_LIMIT_MS / 1000} s from ${place.shown}`);
}

function nothing(place: Place): string {
  if (place.kind === "target") return `${place.shown} lists no instance yet`;
  return place.service === "" ? "nothing is registered yet" : `no instance of ${place.service} yet`;
}
