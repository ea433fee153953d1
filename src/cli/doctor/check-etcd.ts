import { EtcdError, type EtcdSettings, type Listing, listRegistrations } from "../../backends/etcd/index.js";
import { ANSWER_LIMIT_MS } from "../etcd-options.js";
import { count } from "../output.js";
import { type Check, failed, note, ok } from "./check.js";
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
  const refused = await dialProblem(host);
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

/** How many instances a key lists; to a client, none is a problem. */
export function checkListing(
  where: string,
  key: string,
  { registrations }: Listing,
  kind: "server" | "client",
): Check[] {
  const listed = registrations.flatMap(({ instance }) => instance?.address ?? []);
  const broken = registrations.filter(({ problem }) => problem !== undefined);
  const unleased = registrations.filter(({ instance, lease }) => instance && lease === undefined);
  const subject = `${where} key ${key}`;
  const message =
    listed.length > 0 ? `lists ${count(new Set(listed).size, "instance")}: ${shorten(listed)}` : "lists no instance";
  const some = listed.length > 0 || kind === "server";
  return [
    some
      ? ok(subject, message)
      : failed(
          subject,
          message,
          `start a server with Etcd.Key ${key}, or correct the key; rollcall ls shows what there is`,
        ),
    ...broken.map(({ key: at, problem }) => note(at, problem!, `delete it: etcdctl del ${at}`)),
    ...unleased.map(({ key: at }) =>
      note(
        at,
        "has no lease, so it stays when its process dies",
        `delete it if nothing answers there: etcdctl del ${at}`,
      ),
    ),
  ];
}

function shorten(addresses: readonly string[]): string {
  const shown = [...new Set(addresses)];
  return shown.length > 5 ? `${shown.slice(0, 5).join(", ")} and ${shown.length - 5} more` : shown.join(", ");
}
