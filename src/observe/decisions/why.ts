import type { CalledInstance, CalledService } from "../state.js";
import type { ComparedInstance, Decision } from "./decision.js";

/** What is known of one instance from the decisions in which it was compared, and from its state. */
interface Seen {
  readonly instance: string;
  /** Picks it got, and their part of all. */
  picks: number;
  ended: number;
  failures: number;
  latencySum: number;
  compared: number;
  expectedMs: number;
  inFlight: number;
  failureRate: number;
  distance: number;
  share: number;
}

/** So much less or more than its fair share is worth a reason. */
const LITTLE = 0.8;
const MUCH = 1.2;
/** So many times the median latency is slow. */
const SLOW = 1.5;
/** A part of calls that fails is worth telling from here on. */
const FAILING = 0.02;
const NAMED = 12;

/** What is known of a service beside the decisions. */
export type Explained = Pick<CalledService, "service" | "instances"> & Partial<Pick<CalledService, "policy">>;

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

/**
 * Says in sentences where the calls of a service went and why, from recorded decisions: who got how much, who fails, is slow, far,
 * light or set aside. The largest share first. Pure.
 */
export function why(service: Explained, decisions: readonly Decision[]): string[] {
  const { instances } = service;
  if (decisions.length === 0) {
    if (isByKey(service)) return [...byKey(instances), ...setAside(instances)];
    return [`no call to ${service.service} has been recorded`, ...setAside(instances)];
  }
  const seen = [...gather(decisions).values()].sort((a, b) => b.picks - a.picks || (a.instance < b.instance ? -1 : 1));
  const usual = usualOf(seen);
  const total = decisions.length;
  const probes = decisions.filter(({ probe }) => probe).length;
  const again = decisions.filter(({ attempt }) => attempt > 1).length;
  const lines = seen.slice(0, NAMED).map((one) => {
    const reasons = reasonsFor(one, usual, seen, instances);
    return `${percent(one.picks / total)} to ${one.instance}${reasons === "" ? "" : ` ${reasons}`}`;
  });
  if (seen.length > NAMED) lines.push(`and the rest to ${seen.length - NAMED} more instances`);
  if (again > 0) lines.push(`${percent(again / total)} were further attempts of calls that had failed or were slow`);
  if (probes > 0) lines.push(`${percent(probes / total)} went to find out how a disliked or idle instance does`);
  return [
    ...lines,
    ...setAside(instances, new Set(seen.filter(({ picks }) => picks > 0).map(({ instance }) => instance))),
  ];
}

/** The whole in one sentence: "40 % to b because c fails 12 % and a is in another zone". */
export function whyInOneSentence(service: Explained, decisions: readonly Decision[]): string {
  const seen = [...gather(decisions).values()].sort((a, b) => b.picks - a.picks);
  const [first, ...others] = seen;
  if (!first && isByKey(service)) return "each call goes to the instance that its key belongs to (consistent_hash)";
  if (!first) return `no call to ${service.service} has been recorded`;
  const usual = usualOf(seen);
  const faults = others.flatMap((one) => {
    const [fault] = faultsOf(one, usual, service.instances);
    return fault === undefined ? [] : [`${one.instance} ${fault}`];
  });
  const because = faults.length > 0 ? ` because ${list(faults)}` : others.length > 0 ? ": the instances do alike" : "";
  return `${percent(first.picks / decisions.length)} to ${first.instance}${because}`;
}

function gather(decisions: readonly Decision[]): Map<string, Seen> {
  const seen = new Map<string, Seen>();
  const of = (instance: string): Seen => {
    const known = seen.get(instance);
    if (known) return known;
    const fresh: Seen = {
      instance,
      picks: 0,
      ended: 0,
      failures: 0,
      latencySum: 0,
      compared: 0,
      expectedMs: 0,
      inFlight: 0,
      failureRate: 0,
      distance: 1,
      share: 1,
    };
    seen.set(instance, fresh);
    return fresh;
  };
  for (const { instance, compared, outcome, latencyMs } of decisions) {
    const chosen = of(instance);
    chosen.picks += 1;
    if (outcome === "ok" || outcome === "failed") {
      chosen.ended += 1;
      chosen.latencySum += latencyMs ?? 0;
      if (outcome === "failed") chosen.failures += 1;
    }
    for (const one of compared) add(of(one.instance), one);
  }
  return seen;
}

function add(seen: Seen, { expectedMs, inFlight, failureRate, distance, share }: ComparedInstance): void {
  seen.compared += 1;
  seen.expectedMs += (expectedMs - seen.expectedMs) / seen.compared;
  seen.inFlight += (inFlight - seen.inFlight) / seen.compared;
  seen.failureRate += (failureRate - seen.failureRate) / seen.compared;
  seen.distance = distance;
  seen.share = share;
}

interface Usual {
  readonly expectedMs: number;
  readonly inFlight: number;
}

/** What the middle instance does, of those that do not fail. */
function usualOf(seen: readonly Seen[]): Usual {
  const well = seen.filter((one) => failing(one) < FAILING);
  const among = well.length > 0 ? well : seen;
  return {
    expectedMs: lowerMedian(among.map(latencyOf)),
    inFlight: lowerMedian(among.map(({ inFlight }) => inFlight)),
  };
}

function reasonsFor(one: Seen, usual: Usual, all: readonly Seen[], instances: readonly CalledInstance[]): string {
  const picks = all.reduce((sum, { picks }) => sum + picks, 0);
  const shares = all.reduce((sum, { share }) => sum + share, 0);
  const fair = (picks * one.share) / shares;
  const faults = faultsOf(one, usual, instances);
  if (one.picks < fair * LITTLE)
    return faults.length > 0 ? `because it ${list(faults)}` : "because others were less busy";
  if (one.picks > fair * MUCH) {
    const others = all
      .filter((other) => other !== one)
      .flatMap((other) => {
        const [fault] = faultsOf(other, usual, instances);
        return fault === undefined ? [] : [`${other.instance} ${fault}`];
      });
    if (others.length > 0) return `because ${list(others.slice(0, 4))}`;
    return latencyOf(one) < usual.expectedMs ? "because it answers faster than the others" : "";
  }
  return faults.length > 0 ? `although it ${list(faults)}` : "";
}

/** What speaks against it, the worst first. */
function faultsOf(one: Seen, usual: Usual, instances: readonly CalledInstance[]): string[] {
  const faults: string[] = [];
  const state = instances.find(({ id }) => id === one.instance);
  if (state && !state.ready) faults.push(`is set aside: ${state.setAside}`);
  const rate = failing(one);
  if (rate >= FAILING) faults.push(`fails ${percent(rate)}`);
  if (usual.expectedMs > 0 && latencyOf(one) > SLOW * usual.expectedMs) {
    faults.push(`is slow (${ms(latencyOf(one))}, others ${ms(usual.expectedMs)})`);
  }
  if (one.distance > 1) {
    const zone = state?.zone;
    faults.push(zone ? `is in another zone (${zone})` : "is in another zone");
  }
  if (one.share < LITTLE) faults.push(`has little weight (${percent(one.share)} of the mean)`);
  if (one.inFlight > Math.max(4, 2 * usual.inFlight))
    faults.push(`is busy (${Math.round(one.inFlight)} calls in flight)`);
  return faults;
}

/** What was seen to fail, or what the balancer expects where too few were seen. */
function failing({ failures, ended, failureRate }: Seen): number {
  return ended >= 5 ? failures / ended : failureRate;
}

/** As the balancer expects it; before it does, as it was. */
function latencyOf({ expectedMs, latencySum, ended }: Seen): number {
  return expectedMs > 0 ? expectedMs : ended > 0 ? latencySum / ended : 0;
}

function setAside(instances: readonly CalledInstance[], named: ReadonlySet<string> = new Set()): string[] {
  const aside = instances.filter(({ ready, id }) => !ready && !named.has(id));
  const lines = aside.slice(0, NAMED).map(({ id, setAside }) => `none to ${id}: it ${setAside}`);
  if (aside.length > NAMED) lines.push(`none to ${aside.length - NAMED} more that are set aside`);
  return lines;
}

function lowerMedian(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

function percent(part: number): string {
  const value = part * 100;
  return `${value > 0 && value < 1 ? value.toFixed(1) : Math.round(value)} %`;
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function list(parts: readonly string[]): string {
  return parts.length <= 1 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}
