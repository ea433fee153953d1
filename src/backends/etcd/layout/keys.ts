import { type KeyRange, prefixEnd, prefixRange } from "../../../etcd-client/key-range.js";

/**
 * Where things stand in etcd. An instance is `<service>/<id>`, as go-zero has it. Its further facts are
 * `<service>.~rollcall/<id>`: outside the prefix that readers of the service watch, yet so close before it ("." comes just
 * before "/") that one range, hence one Range call and one watch, covers both and shows them at one revision.
 */

const FACTS = ".~rollcall/";
/** "-" comes before "/": no reader of a service sees these keys. */
const PAUSES = ".~rollcall-paused/";

/** @throws TypeError for a service key that cannot be one. */
export function checkServiceKey(service: string): void {
  if (service === "") throw new TypeError("the service key is empty; expected something like order.rpc (Etcd.Key)");
  if (service.includes("\0")) throw new TypeError("the service key has a zero byte in it");
}

export function instanceKey(service: string, id: string): string {
  return `${service}/${id}`;
}

export function factsKey(service: string, id: string): string {
  return `${service}${FACTS}${id}`;
}

/** The key by which an operator asks an instance not to be listed; under the instance's lease, so it ends with it. */
export function pauseKey(service: string, id: string): string {
  return `${service}${PAUSES}${id}`;
}

/** The instances of a service, their facts, and what is asked of them. */
export function operatorRange(service: string): KeyRange {
  return { key: Buffer.from(`${service}${PAUSES}`), rangeEnd: prefixEnd(`${service}/`) };
}

/** The instances of a service and their facts. */
export function serviceRange(service: string): KeyRange {
  return { key: Buffer.from(`${service}${FACTS}`), rangeEnd: prefixEnd(`${service}/`) };
}

/** The instances of a service without their facts: what a reader may see whose role covers the prefix alone. */
export function instancesRange(service: string): KeyRange {
  return prefixRange(`${service}/`);
}

/** What a key stands for; undefined for one that belongs to no service. */
export function readKey(
  key: Buffer,
): { kind: "instance" | "facts" | "pause"; service: string; id: string } | undefined {
  const slash = key.lastIndexOf("/");
  if (slash <= 0) return undefined;
  const id = key.toString("utf8", slash + 1);
  const folder = key.toString("utf8", 0, slash + 1);
  for (const [kind, mark] of [
    ["facts", FACTS],
    ["pause", PAUSES],
  ] as const) {
    if (folder.endsWith(mark) && folder.length > mark.length) {
      return { kind, service: folder.slice(0, -mark.length), id };
    }
  }
  return { kind: "instance", service: folder.slice(0, -1), id };
}
