import { parseAddress } from "../../address.js";
import {
  EtcdError,
  type EtcdSettings,
  type Listing,
  listRegistrations,
  type Registered,
  writeProblem,
} from "../../backends/etcd/index.js";
import { attributesKey, grantAttributesCommand } from "../../backends/etcd/layout/keys.js";
import { servicePath } from "../../backends/etcd/layout/layout.js";
import { foreignValue } from "../ls/rows.js";
import { count, shellWord } from "../output.js";
import { ANSWER_LIMIT_MS } from "../registry/etcd-options.js";
import { type Check, failed, ok, warning } from "./check.js";
import { dialProblem } from "./dial.js";

/** What an etcd cluster says of one service key, and how each of its hosts behaved. */
export interface EtcdAnswer {
  readonly checks: readonly Check[];
  readonly listing: Listing | undefined;
}

/** Asks every host for itself: TCP, then TLS, Status and log-in, then the key. */
export async function askEtcd(settings: EtcdSettings, key: string): Promise<EtcdAnswer> {
  const answers = await Promise.all(settings.hosts.map((host) => askHost({ ...settings, hosts: [host] }, host, key)));
  return {
    checks: answers.map(({ check }) => check),
    listing: answers.find(({ listing }) => listing)?.listing,
  };
}

async function askHost(
  settings: EtcdSettings,
  host: string,
  key: string,
): Promise<{ check: Check; listing?: Listing }> {
  const subject = `etcd ${host}`;
  const refused = await dialProblem(parseAddress(host));
  if (refused) {
    return { check: failed(subject, refused, "check the host and port in Etcd.Hosts, that etcd runs, and firewalls") };
  }
  const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
  try {
    const listing = await listRegistrations(settings, { prefix: `${key}/`, signal });
    const as = settings.user === undefined ? "" : ` to user ${settings.user}`;
    return { check: ok(subject, `answers${as} (revision ${listing.revision})`), listing };
  } catch (error) {
    if (signal.aborted) {
      const seconds = ANSWER_LIMIT_MS / 1000;
      return {
        check: failed(
          subject,
          `takes connections but no answer within ${seconds} s`,
          "check that it is etcd and has a leader",
        ),
      };
    }
    return { check: failed(subject, ...wordsOf(error as Error)) };
  }
}

/** The library's errors carry their advice behind a semicolon. */
function wordsOf(error: Error): [message: string, advice: string] {
  const [message, advice] = error.message.replace(/^.*?etcd at [^ ]+: /s, "").split(/; (?=[^;]*$)/);
  const general =
    error instanceof EtcdError ? "see etcd's log" : "check that this is etcd's client port, and its TLS settings";
  return [message ?? error.message, advice ?? general];
}

/** Whether a server with these settings may list itself, found out without writing. */
export async function checkWriting(
  where: string,
  settings: EtcdSettings,
  key: string,
  hasAttributes: boolean,
): Promise<Check[]> {
  const subject = `${where} key ${key}`;
  const problem = await writable(settings, key, "instance");
  if (problem) {
    const [message, advice] = wordsOf(problem);
    return [failed(subject, `cannot be written: ${message}`, adviceOnWriting(message, key, settings) ?? advice)];
  }
  const attributes = hasAttributes ? await writable(settings, key, "attributes") : undefined;
  if (!attributes) return [ok(subject, "can be written")];
  const message = `can be written, but Weight, Zone and Metadata cannot: ${wordsOf(attributes)[0]}`;
  return [warning(subject, message, `grant the role more: ${grantAttributesCommand(servicePath(settings, key))}`)];
}

function writable(settings: EtcdSettings, key: string, what: "instance" | "attributes"): Promise<Error | undefined> {
  return writeProblem(settings, key, what, AbortSignal.timeout(ANSWER_LIMIT_MS)).catch((error: Error) => error);
}

function adviceOnWriting(message: string, key: string, { user }: EtcdSettings): string | undefined {
  if (/space exceeded|NOSPACE/i.test(message)) {
    return "etcd is full (alarm NOSPACE): compact and defragment it, or raise --quota-backend-bytes, then etcdctl alarm disarm";
  }
  if (/CORRUPT/i.test(message))
    return "etcd has the alarm CORRUPT: see its log, and replace the member that is corrupt";
  if (!/permission denied/i.test(message)) return undefined;
  return `grant a role of ${user ?? "the user"} readwrite: etcdctl role grant-permission ROLE --prefix=true readwrite ${shellWord(`${key}/`)}`;
}

/** How many instances a key lists; to a client, none is a problem. */
export function checkListing(
  where: string,
  key: string,
  { registrations }: Listing,
  kind: "server" | "client",
): Check[] {
  const listed = registrations.flatMap(({ instance, paused }) => (instance && !paused ? [instance.address] : []));
  const subject = `${where} key ${key}`;
  const addresses = new Set(listed).size;
  const keys = listed.length > addresses ? ` under ${listed.length} keys` : "";
  const message =
    addresses > 0 ? `lists ${count(addresses, "instance")}${keys}: ${shorten(listed)}` : "lists no instance";
  const some = addresses > 0 || kind === "server";
  return [
    some
      ? ok(subject, message)
      : failed(
          subject,
          message,
          `start a server with Etcd.Key ${key}, or correct the key; rollcall ls shows what there is`,
        ),
    ...checkNested(subject, key, registrations),
    ...summarised(
      registrations.filter(({ problem, paused }) => problem !== undefined && !paused),
      ({ key: at, valueBytes }) =>
        warning(
          at,
          foreignValue(valueBytes),
          `look at it, and delete it if it is nobody's: etcdctl del ${shellWord(at)}`,
        ),
      (more) => warning(subject, `${count(more, "further key")} whose value is no instance`),
    ),
    ...summarised(
      registrations.filter(({ attributesProblem }) => attributesProblem !== undefined),
      ({ service, id, instance, attributesProblem }) =>
        warning(
          attributesKey(service, id),
          `weight, zone and metadata of ${instance?.address} cannot be read, so clients do without them: ${attributesProblem}`,
          "restart that server, which writes them anew",
        ),
      (more) => warning(subject, `${count(more, "further instance")} whose weight, zone and metadata cannot be read`),
    ),
    ...summarised(
      registrations.filter(({ instance, lease }) => instance && lease === undefined),
      ({ key: at }) =>
        warning(
          at,
          "has no lease, so it stays when its process dies",
          `delete it if nothing answers there: etcdctl del ${shellWord(at)}`,
        ),
      (more) => warning(subject, `${count(more, "further key")} without a lease`),
    ),
  ];
}

/** A key is a prefix to etcd: clients of `shop`, go-zero's too, find what is registered as `shop/admin`. */
function checkNested(subject: string, key: string, registrations: readonly Registered[]): Check[] {
  const inside = [...new Set(registrations.map(({ service }) => service))].filter((service) => service !== key);
  if (inside.length === 0) return [];
  const message = `holds the instances of other services too, and its clients call them: ${shorten(inside)}`;
  return [warning(subject, message, `register the other services under keys that do not begin with ${key}/`)];
}

const MOST_SHOWN = 10;

function summarised<T>(all: readonly T[], show: (one: T) => Check, rest: (more: number) => Check): Check[] {
  const more = all.length - MOST_SHOWN;
  return [...all.slice(0, MOST_SHOWN).map(show), ...(more > 0 ? [rest(more)] : [])];
}

function shorten(names: readonly string[]): string {
  const shown = [...new Set(names)];
  return shown.length > 5 ? `${shown.slice(0, 5).join(", ")} and ${shown.length - 5} more` : shown.join(", ");
}
