import { type KeyRange, prefixEnd, prefixRange } from "../../../etcd-client/key-range.js";

/**
 * Where things stand in etcd. An instance is `<path>/<id>`; the path is the service key, as go-zero has it, unless another
 * layout says otherwise. Its attributes are `<path>.~rollcall/<id>`: outside the prefix that readers of the service watch,
 * yet so close before it ("." comes just before "/") that one range, hence one Range call and one watch, covers both and
 * shows them at one revision.
 */

const ATTRIBUTES = ".~rollcall/";
/** "-" comes before "/": no reader of a service sees these keys. */
const PAUSES = ".~rollcall-paused/";

/** Where client processes say whom they call: apart from all services, so that nobody who reads one sees it. */
export const PRESENCES = "rollcall/presence";

/** @throws TypeError for a service key that cannot be one. */
export function checkServiceKey(service: string): void {
  if (service === "") throw new TypeError("the service key is empty; expected something like order.rpc (Etcd.Key)");
  if (service.includes("\0")) throw new TypeError("the service key has a zero byte in it");
  if (service === PRESENCES)
    throw new TypeError(`the service key ${PRESENCES} is taken by what clients say of themselves`);
}

export function instanceKey(path: string, id: string): string {
  return `${path}/${id}`;
}

export function attributesKey(path: string, id: string): string {
  return `${path}${ATTRIBUTES}${id}`;
}

/** The key by which an operator asks an instance not to be listed; under the instance's lease, so it ends with it. */
export function pauseKey(path: string, id: string): string {
  return `${path}${PAUSES}${id}`;
}

/** What an administrator of etcd runs so that a role covers the instances of a service. */
export function grantInstancesCommand(path: string): string {
  return `etcdctl role grant-permission --prefix=true ROLE readwrite ${shellQuote(`${path}/`)}`;
}

/**
 * The same for attributes and orders to pause, for a role that covers the instances. It reaches up to them, because etcd allows
 * to read a range only where what is granted has no gap.
 */
export function grantAttributesCommand(path: string): string {
  return `etcdctl role grant-permission ROLE readwrite ${shellQuote(`${path}.~rollcall`)} ${shellQuote(`${path}/`)}`;
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The instances of a service, their attributes, and what is asked of them. */
export function operatorRange(path: string): KeyRange {
  return { key: Buffer.from(`${path}${PAUSES}`), rangeEnd: prefixEnd(`${path}/`) };
}

/** The instances of a service and their attributes. */
export function serviceRange(path: string): KeyRange {
  return { key: Buffer.from(`${path}${ATTRIBUTES}`), rangeEnd: prefixEnd(`${path}/`) };
}

/** The instances of a service without their attributes: what a reader may see whose role covers the prefix alone. */
export function instancesRange(path: string): KeyRange {
  return prefixRange(`${path}/`);
}

/** What a key stands for; undefined for one that belongs to no service. */
export function readKey(
  key: Buffer,
): { kind: "instance" | "attributes" | "pause" | "presence"; service: string; id: string } | undefined {
  const slash = key.lastIndexOf("/");
  if (slash <= 0) return undefined;
  const id = key.toString("utf8", slash + 1);
  const folder = key.toString("utf8", 0, slash + 1);
  if (folder === `${PRESENCES}/`) return { kind: "presence", service: PRESENCES, id };
  for (const [kind, mark] of [
    ["attributes", ATTRIBUTES],
    ["pause", PAUSES],
  ] as const) {
    if (folder.endsWith(mark) && folder.length > mark.length) {
      return { kind, service: folder.slice(0, -mark.length), id };
    }
  }
  return { kind: "instance", service: folder.slice(0, -1), id };
}
