import { Command } from "commander";
import { type EtcdSettings, listRegistrations } from "../../backends/etcd/index.js";
import { allStates } from "../../observe/inspect/inspect-client.js";
import { printable } from "../../target/redact.js";
import { COMMANDS } from "../commands.js";
import { makeProgram } from "../program.js";
import { addEtcdOptions, type EtcdOptions, readEtcdOptions } from "../registry/etcd-options.js";

/** Whoever presses a key does not wait longer for a registry, in milliseconds. */
const LIMIT_MS = 1_500;

/** What stands at a place of a command: keys in etcd, keys that processes call, addresses of the key before, or words. */
type Offer = "keys" | "called" | "addresses" | readonly string[];

const NAMES = COMMANDS.flatMap(({ name, hidden }) => (hidden ? [] : [name]));

const OFFERS: Readonly<Record<string, readonly Offer[]>> = {
  ls: ["keys"],
  watch: ["keys"],
  why: ["called"],
  pause: ["keys", "addresses"],
  resume: ["keys", "addresses"],
  completion: [["bash", "zsh", "fish"]],
  help: [NAMES],
};

/**
 * What the last of the words may become.
 * @param words those after `rollcall`, up to the cursor.
 */
export async function candidates(words: readonly string[]): Promise<string[]> {
  const last = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  return fitting(await all(before, last).catch(() => []), last);
}

/** Those that a word may become. A key of etcd without a slash has an empty service, which completes nothing. */
export function fitting(found: readonly string[], word: string): string[] {
  return [...new Set(found)].filter((one) => one !== "" && one.startsWith(word) && one === printable(one)).sort();
}

async function all(before: readonly string[], last: string): Promise<readonly string[]> {
  const [name, ...given] = before;
  if (name === undefined) return [...NAMES, "help", "--version", "--help"];
  const program = await makeProgram((one) => one === name);
  const command = program.commands.find((one) => one.name() === name);
  const option = command?.options.find(({ long }) => long === given.at(-1));
  if (option && (option.required || option.optional))
    return option.long === "--service" ? called() : (option.argChoices ?? []);
  if (last.startsWith("-")) return [...(command?.options ?? []).map(({ long }) => long ?? ""), "--help"];
  const { operands, settings } = read(given, command);
  const offer = OFFERS[name]?.[operands.length];
  if (offer === "keys") return keys(settings());
  if (offer === "called") return called();
  if (offer === "addresses") return addresses(settings(), operands[0]!);
  return offer ?? [];
}

/** The operands among the words, and the etcd that the options name. */
function read(words: readonly string[], of: Command | undefined): { operands: string[]; settings: () => EtcdSettings } {
  const command = addEtcdOptions(new Command().argument("[words...]").allowUnknownOption().exitOverride());
  const known = new Set(command.options.map(({ long }) => long));
  // Options of the command itself are left out with their values, so that these count as no operands.
  const others = (of?.options ?? []).filter(({ long }) => !known.has(long ?? ""));
  for (const other of others) command.addOption(other);
  command.configureOutput({ writeErr: () => {} }).parse(words, { from: "user" });
  return { operands: command.args, settings: () => readEtcdOptions(command.opts<EtcdOptions>(), command) };
}

async function keys(settings: EtcdSettings): Promise<string[]> {
  const { registrations } = await listRegistrations(settings, { signal: AbortSignal.timeout(LIMIT_MS) });
  return registrations.flatMap(({ service, instance }) => (instance ? [service] : []));
}

async function addresses(settings: EtcdSettings, key: string): Promise<string[]> {
  const { registrations } = await listRegistrations(settings, {
    prefix: `${key}/`,
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  return registrations.flatMap(({ service, instance }) => (instance && service === key ? [instance.address] : []));
}

async function called(): Promise<string[]> {
  return (await allStates()).flatMap(({ calls }) => calls.map(({ service }) => service));
}
