import type { Command } from "commander";
import { listRegistrations } from "../../backends/etcd/index.js";
import { Failure, print, printError, printJson } from "../output.js";
import { addEtcdOptions, answerOf, type EtcdOptions } from "../registry/etcd-options.js";
import { listedInstances } from "../registry/instances.js";
import { type Place, readPlace } from "../registry/place.js";
import { instanceRow, type Row, renderTable, toRow } from "./rows.js";

interface LsOptions extends EtcdOptions {
  readonly json?: boolean;
}

export function defineLs(command: Command): void {
  command.argument("[what]", "only keys that begin with this, or a target URL, for example k8s://shop/order:grpc", "");
  addEtcdOptions(command).option("--json", "print JSON").action(ls);
}

async function ls(what: string, options: LsOptions, command: Command): Promise<void> {
  const place = readPlace(what, options, command);
  // A URL names a service, so what is deeper in its name is another's; text is a prefix.
  const exact = place.kind === "etcd" && place.service !== what;
  const { rows, nothing } = await rowsOf(place, exact);
  if (options.json) return printJson(rows);
  if (rows.length > 0) print(renderTable(rows));
  else printError(nothing);
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
  const { host, registrations } = await answerOf(settings, (signal) => listRegistrations(settings, { prefix, signal }));
  const under = prefix && ` under ${JSON.stringify(prefix)}`;
  return { rows: registrations.map(toRow), nothing: `nothing is registered${under} in etcd at ${host}` };
}
