import type { Command } from "commander";
import { listRegistrations } from "../backends/etcd/index.js";
import { addEtcdOptions, answerOf, type EtcdOptions, readEtcdOptions } from "./etcd-options.js";
import { renderTable, toRow } from "./ls-table.js";
import { print, printError, toJson } from "./output.js";

interface LsOptions extends EtcdOptions {
  readonly json?: boolean;
}

export function addLs(program: Command): void {
  const command = program
    .command("ls")
    .description("list what is registered: service, address, id, seconds left of the lease")
    .argument("[prefix]", "only keys that begin with this", "");
  addEtcdOptions(command).option("--json", "print JSON").action(ls);
}

async function ls(prefix: string, options: LsOptions, command: Command): Promise<void> {
  const settings = readEtcdOptions(options, command);
  const { host, registrations } = await answerOf(settings, (signal) => listRegistrations(settings, { prefix, signal }));
  const rows = registrations.map(toRow);
  if (options.json) return print(toJson(rows));
  if (rows.length > 0) print(renderTable(rows));
  else printError(`nothing is registered${prefix && ` under ${JSON.stringify(prefix)}`} in etcd at ${host}`);
}
