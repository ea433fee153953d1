import { formatAddress } from "../../address.js";
import type { NamedTarget } from "../../config/schema/etcd-target.js";
import type { ResolvedInstance } from "../../discovery/resolved-instance.js";
import { redactUrl } from "../../target/redact.js";
import { count } from "../output.js";
import { resolvedInstances } from "../registry/instances.js";
import { type Check, failed, note, ok } from "./check.js";
import { dialProblem } from "./dial.js";

/** More would be a load test. */
const MOST_DIALLED = 20;

/**
 * Asks a target's backend as a client would, and dials what it lists.
 * @param where the client's section, for example `OrderRpc`
 * @param key that names the target in it
 */
export async function checkTarget(
  where: string,
  key: "Endpoints" | "Target",
  { url, target }: NamedTarget,
  advice: string,
): Promise<Check[]> {
  const subject = `${where}.${key} ${redactUrl(url)}`;
  const found = await resolvedInstances(target).catch((error: Error) => error);
  if (found instanceof Error) return [failed(subject, found.message, advice)];
  if (found.length === 0) return [failed(subject, "lists no instance", "start a server there, or correct it")];
  const lists = key === "Target" ? [ok(subject, `lists ${count(found.length, "instance")}`)] : [];
  return [...lists, ...(await checkInstances(where, found, advice))];
}

/** Whether each instance takes connections at every address of it that a client would dial. */
export async function checkInstances(
  where: string,
  instances: readonly ResolvedInstance[],
  advice: string,
): Promise<Check[]> {
  const dialled = new Map<string, { host: string; port: number; named: string }>();
  for (const { instance, addresses } of instances) {
    for (const { host, port } of addresses) {
      const address = formatAddress({ host, port });
      const named = instance.address === address ? address : `${instance.address} (${address})`;
      if (!dialled.has(address)) dialled.set(address, { host, port, named });
    }
  }
  const some = [...dialled.values()].slice(0, MOST_DIALLED);
  const checks = await Promise.all(
    some.map(async ({ named, ...address }) => {
      const problem = await dialProblem(address);
      return problem ? failed(`${where} ${named}`, problem, advice) : ok(`${where} ${named}`, "takes connections");
    }),
  );
  const more = dialled.size - some.length;
  return more > 0 ? [...checks, note(where, `${count(more, "further address")} not dialled`)] : checks;
}
