import type { CalledInstance, CalledService } from "../state.js";
import type { Decision } from "./decision.js";
import { type Evidence, evidenceIn } from "./evidence.js";
import { FAILING, faultsOf, LITTLE, type Usual, usualOf, worstOf } from "./faults.js";
import { list, percent } from "./words.js";

/** So much more than its fair share is worth a reason. */
const MUCH = 1.2;
/** So many instances are named. */
const NAMED = 12;
/** So many others are named as the reason for a large share. */
const OTHERS_NAMED = 4;

/** What is known of a service beside the decisions. */
export type Explained = Pick<CalledService, "service" | "instances"> & Partial<Pick<CalledService, "policy">>;

/**
 * Says in sentences where the calls of a service went and why, from recorded decisions: who got how much, who fails, is slow, far,
 * light or set aside. The largest share first. Pure.
 */
export function why(service: Explained, decisions: readonly Decision[]): string[] {
  const { instances } = service;
  if (decisions.length === 0) {
    const calls = isByKey(service) ? byKey(instances) : [`no call to ${service.service} has been recorded`];
    return [...calls, ...setAside(instances)];
  }
  const all = evidenceIn(decisions);
  const usual = usualOf(all);
  const lines = all.slice(0, NAMED).map((one) => {
    const reason = reasonFor(one, usual, all, instances);
    return `${percent(one.picks / decisions.length)} to ${one.instance}${reason === "" ? "" : ` ${reason}`}`;
  });
  if (all.length > NAMED) lines.push(`and the rest to ${all.length - NAMED} more instances`);
  const called = new Set(all.filter(({ picks }) => picks > 0).map(({ instance }) => instance));
  return [...lines, ...oddPicks(decisions), ...setAside(instances, called)];
}

/** The whole in one sentence: "40 % to b because c fails 12 % and a is in another zone". */
export function whyInOneSentence(service: Explained, decisions: readonly Decision[]): string {
  const all = evidenceIn(decisions);
  const [first, ...others] = all;
  if (!first && isByKey(service)) return "each call goes to the instance that its key belongs to (consistent_hash)";
  if (!first) return `no call to ${service.service} has been recorded`;
  const faults = worstOf(others, usualOf(all), service.instances);
  const because = faults.length > 0 ? ` because ${list(faults)}` : others.length > 0 ? ": the instances do alike" : "";
  return `${percent(first.picks / decisions.length)} to ${first.instance}${because}`;
}

/** Why an instance got the share it got; empty where it is its fair one, and nothing speaks against it. */
function reasonFor(
  one: Evidence,
  usual: Usual,
  all: readonly Evidence[],
  instances: readonly CalledInstance[],
): string {
  const picks = all.reduce((sum, { picks }) => sum + picks, 0);
  const shares = all.reduce((sum, { share }) => sum + share, 0);
  const fair = (picks * one.share) / shares;
  const faults = faultsOf(one, usual, instances);
  if (one.picks < fair * LITTLE)
    return faults.length > 0 ? `because it ${list(faults)}` : "because others were less busy";
  if (one.picks > fair * MUCH) {
    const others = all.filter((other) => other !== one);
    const worst = worstOf(others, usual, instances).slice(0, OTHERS_NAMED);
    if (worst.length > 0) return `because ${list(worst)}`;
    return one.latencyMs < usual.latencyMs ? "because it answers faster than the others" : "";
  }
  return faults.length > 0 ? `although it ${list(faults)}` : "";
}

/** Picks that were not a choice among equals. */
function oddPicks(decisions: readonly Decision[]): string[] {
  const probes = decisions.filter(({ probe }) => probe).length / decisions.length;
  const again = decisions.filter(({ attempt }) => attempt > 1).length / decisions.length;
  const lines: string[] = [];
  if (again > 0) lines.push(`${percent(again)} were further attempts of calls that had failed or were slow`);
  if (probes > 0) lines.push(`${percent(probes)} went to find out how a disliked or idle instance does`);
  return lines;
}

/** Whether its calls go where their keys belong: then there are no decisions, but there may have been calls. */
function isByKey({ policy, instances }: Explained): boolean {
  return policy === "consistent_hash" && instances.some(({ calls }) => calls > 0);
}

/** How calls were shared by their keys, all that there have been. */
function byKey(instances: readonly CalledInstance[]): string[] {
  return instances
    .filter(({ calls }) => calls > 0)
    .sort((a, b) => b.share - a.share || (a.id < b.id ? -1 : 1))
    .slice(0, NAMED)
    .map(({ id, share, calls, failures }) => {
      const failing = failures / calls;
      return `${percent(share)} to ${id}${failing >= FAILING ? `, which failed ${percent(failing)} of them` : ""}`;
    });
}

/** Who gets no calls now. @param named of whom the sentences above have told. */
function setAside(instances: readonly CalledInstance[], named: ReadonlySet<string> = new Set()): string[] {
  const aside = instances.filter(({ ready, id }) => !ready && !named.has(id));
  const lines = aside.slice(0, NAMED).map(({ id, setAside }) => `none to ${id}: it ${setAside}`);
  if (aside.length > NAMED) lines.push(`none to ${aside.length - NAMED} more that are set aside`);
  return lines;
}
