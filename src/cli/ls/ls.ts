import type { Command } from "commander";
import { listRegistrations } from "../../backends/etcd/index.js";
import { healthOfAll } from "../../operator/health.js";
import { Failure, printError, printJson, printShown } from "../output.js";
import { addExamples } from "../program.js";
import { addEtcdOptions, answerOf, type EtcdOptions } from "../registry/etcd-options.js";
import { listedInstances } from "../registry/instances.js";
import { type Place, readPlace } from "../registry/place.js";
import { withProgress } from "../terminal/progress.js";
import { painter } from "../terminal/style.js";
import { instanceRow, type Row, renderRows, toRow, withDuplicates, withHealth } from "./rows.js";

interface LsOptions extends EtcdOptions {
  readonly health: boolean;
  readonly snapshots?: true | string;
  readonly json?: boolean;
}

/** More instances are not asked for their health: it would take long, and be a load. */
const MOST_ASKED = 200;

export function defineLs(command: Command): void {
  command.argument("[what]", "only keys that begin with this, or a target URL, for example k8s://shop/order:grpc");
  addEtcdOptions(command)
    .option("--no-health", "do not ask the instances for their health")
    .option("--snapshots [folder]", "show the sets kept on disk, and their age, instead")
    .option("--json", "print JSON")
    .action(ls);
  addExamples(command, [
    ["rollcall ls", "everything in the etcd at 127.0.0.1:2379, or $ETCD_ENDPOINTS"],
    ["rollcall ls order --etcd 10.0.0.1:2379 --json", "keys that begin with order, for a program"],
    ["rollcall ls k8s://shop/order:grpc", "what another backend lists"],
    ["rollcall ls --snapshots", "what clients would start with while the registry is away"],
  ]);
}

async function ls(what = "", options: LsOptions, command: Command): Promise<void> {
  const { snapshots, json = false } = options;
  if (snapshots !== undefined) {
    const { showSnapshots } = await import("./snapshots.js");
    await showSnapshots(what, snapshots === true ? undefined : snapshots, json);
    return;
  }
  const place = readPlace(what, options, command);
  // A URL names a service, so what is deeper in its name is another's; text is a prefix.
  const exact = place.kind === "etcd" && place.service !== what;
  const { rows: listed, nothing } = await rowsOf(place, exact);
  const rows = options.health ? await asked(listed) : listed;
  if (json) printJson(rows);
  else if (rows.length > 0) printShown(renderRows(rows, painter(process.stdout), process.stdout.columns));
  else printError(nothing);
}

async function asked(rows: readonly Row[]): Promise<Row[]> {
  const addresses = [...new Set(rows.flatMap(({ address }) => (address === undefined ? [] : [address])))];
  const some = addresses.slice(0, MOST_ASKED);
  if (addresses.length > MOST_ASKED && process.stderr.isTTY) {
    printError(`health: asking the first ${MOST_ASKED} of ${addresses.length} instances; name a prefix for others`);
  }
  const health = await withProgress(`asking ${some.length} instances for their health`, healthOfAll(some));
  return withHealth(rows, health);
}

async function rowsOf(place: Place, exact: boolean): Promise<{ rows: Row[]; nothing: string }> {
  if (place.kind === "target") {
    const instances = await listedInstances(place.target).catch((error: Error) => {
      throw new Failure(error.message);
    });
    const rows = instances.map((instance) => instanceRow(place.target.service, instance));
    return { rows, nothing: `${place.shown} lists no instance` };
  }
  const { settings, service } = place;
  const prefix = exact ? `${service}/` : service;
  const listing = answerOf(settings, (signal) => listRegistrations(settings, { prefix, signal }));
  const { host, registrations } = await withProgress(`asking etcd at ${settings.hosts.join(", ")}`, listing);
  const under = prefix && ` under ${JSON.stringify(prefix)}`;
  const rows = withDuplicates(registrations.map(toRow));
  return { rows, nothing: `nothing is registered${under} in etcd at ${host}` };
}
