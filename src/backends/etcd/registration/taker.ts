import type { KeyValue } from "../../../proto/etcd.js";
import { readInstance } from "../layout/value.js";

/** Puts into words who has written a registration's key, and what to do about it. Values that are no instance are not shown. */
export function describeTaker(kv: KeyValue, service: string, ownAddress: string, id: bigint | undefined): Error {
  const key = kv.key.toString();
  const other = addressIn(kv.value);
  const what = other ?? `${kv.value.length} bytes that are no instance`;
  if (id === undefined) {
    return new Error(`somebody has written ${what} under its key ${key}; delete that key, and it is registered again`);
  }
  const who = other === ownAddress ? "another process that advertises the same address" : what;
  const cure = `give each instance of ${service} an Etcd.ID of its own, or none`;
  return new Error(`${who} has taken its key ${key}, because both have the Etcd.ID ${id}; ${cure}`);
}

function addressIn(value: Buffer): string | undefined {
  try {
    return readInstance(value).instance.address;
  } catch {
    return undefined;
  }
}
