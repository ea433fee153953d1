import type { Command } from "commander";
import { discoveryOf } from "../../backends/table.js";
import type { Target } from "../../registry.js";
import { Failure } from "../output.js";
import { addExamples } from "../program.js";
import { ANSWER_LIMIT_MS, addEtcdOptions, type EtcdOptions, failureOf, noAnswer } from "../registry/etcd-options.js";
import { type Place, readPlace } from "../registry/place.js";
import { isLive } from "../terminal/screen.js";
import { changesBetween, type Listed } from "./changes.js";
import { type FeedOptions, type Look, watchEtcd } from "./etcd-feed.js";
import { HealthFeed } from "./health-feed.js";
import { LiveView, lineView, type WatchView } from "./views.js";

interface WatchOptions extends EtcdOptions {
  readonly health: boolean;
  readonly json?: boolean;
}

export function defineWatch(command: Command): void {
  command.argument(
    "[what]",
    "a service key, or a target URL, for example k8s://shop/order:grpc; without it everything in etcd",
  );
  addEtcdOptions(command)
    .option("--no-health", "do not follow the health of the instances")
    .option("--json", "print JSON, one object a line")
    .action(watch);
  addExamples(command, [
    ["rollcall watch order.rpc", "a live table; q ends it"],
    ["rollcall watch order.rpc | tee joins.log", "a line a change: = there at first, + joined, - left, ~ changed"],
    ["rollcall watch --json --etcd 10.0.0.1:2379", "everything in an etcd, for a program"],
  ]);
}

async function watch(what = "", options: WatchOptions, command: Command): Promise<void> {
  const place = readPlace(what, options, command);
  const live = !options.json && isLive(process.stdout);
  const title = `rollcall watch  ${nameOf(place)}`;
  const everything = place.kind === "etcd" && place.service === "";
  const view = live ? new LiveView(title, everything) : lineView(options.json === true, everything);
  try {
    await follow(place, options.health, view);
  } finally {
    view.close();
  }
}

/** Goes on until the user has had enough. @throws Failure when the registry does not answer at first. */
async function follow(place: Place, withHealth: boolean, view: WatchView): Promise<void> {
  const given = new AbortController();
  const signal = AbortSignal.any([given.signal, view.signal]);
  let failure = silent(place);
  let answered = false;
  const limit = setTimeout(() => given.abort(), ANSWER_LIMIT_MS);
  const onTrouble = (trouble: Error | undefined) => {
    if (answered) return view.trouble(trouble);
    if (!trouble) return;
    failure = place.kind === "etcd" ? failureOf(trouble) : new Failure(trouble.message);
    given.abort();
  };
  let before: readonly Listed[] | undefined;
  const health = new HealthFeed((address, now, was) => {
    const of = (before ?? []).filter(({ instance }) => instance.address === address);
    for (const listed of of) view.health(listed, now, was, sameService(before ?? [], listed));
  });
  try {
    for await (const { listed, why } of looks(place, { signal, onTrouble })) {
      clearTimeout(limit);
      if (!answered && listed.length === 0) view.empty(nothing(place));
      answered = true;
      view.update(listed, changesBetween(before, listed, why));
      before = listed;
      if (withHealth) health.follow(new Set(listed.map(({ instance }) => instance.address)));
    }
  } finally {
    clearTimeout(limit);
    health.close();
  }
  if (!view.signal.aborted) throw failure;
}

function sameService(all: readonly Listed[], { service }: Listed): number {
  return all.filter((one) => one.service === service).length;
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
  if (place.service === "") return "nothing is registered yet";
  // What ls and the console take for a beginning of keys.
  const hint = place.service.endsWith("/")
    ? ` (watch takes a whole key; \`rollcall ls ${place.service}\` shows those below)`
    : "";
  return `no instance of ${place.service} yet${hint}`;
}

function nameOf(place: Place): string {
  return place.kind === "target" ? place.shown : place.service || `etcd at ${place.settings.hosts.join(", ")}`;
}
