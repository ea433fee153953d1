import type { CalledInstance } from "../state.js";
import type { Evidence } from "./evidence.js";
import { milliseconds, percent } from "./words.js";

/** A part of calls that fails is worth telling from here on. */
export const FAILING = 0.02;
/** So much less than its fair share, or than the mean weight, is little. */
export const LITTLE = 0.8;
/** So many times the usual latency is slow. */
const SLOW = 1.5;
/** So many times the usual calls in flight are many, from so many on. */
const BUSY = 2;
const BUSY_FROM = 4;

/** What is usual among the instances of a service. */
export interface Usual {
  readonly latencyMs: number;
  readonly inFlight: number;
}

/** What the middle instance does, of those that do not fail. */
export function usualOf(all: readonly Evidence[]): Usual {
  const well = all.filter(({ failing }) => failing < FAILING);
  const among = well.length > 0 ? well : all;
  return {
    latencyMs: lowerMedian(among.map(({ latencyMs }) => latencyMs)),
    inFlight: lowerMedian(among.map(({ inFlight }) => inFlight)),
  };
}

/** What speaks against an instance, the worst first. @param instances as they are now. */
export function faultsOf(one: Evidence, usual: Usual, instances: readonly CalledInstance[]): string[] {
  const { failing, latencyMs, inFlight, distance, share } = one;
  const state = instances.find(({ id }) => id === one.instance);
  const faults: string[] = [];
  if (state && !state.ready) faults.push(`is set aside: ${state.setAside}`);
  if (failing >= FAILING) faults.push(`fails ${percent(failing)}`);
  if (usual.latencyMs > 0 && latencyMs > SLOW * usual.latencyMs)
    faults.push(`is slow (${milliseconds(latencyMs)}, others ${milliseconds(usual.latencyMs)})`);
  if (distance > 1) faults.push(state?.zone ? `is in another zone (${state.zone})` : "is in another zone");
  if (share < LITTLE) faults.push(`has little weight (${percent(share)} of the mean)`);
  if (inFlight > Math.max(BUSY_FROM, BUSY * usual.inFlight))
    faults.push(`is busy (${Math.round(inFlight)} calls in flight)`);
  return faults;
}

/** The worst of each instance that has a fault: "c fails 12 %". */
export function worstOf(all: readonly Evidence[], usual: Usual, instances: readonly CalledInstance[]): string[] {
  return all.flatMap((one) => {
    const [worst] = faultsOf(one, usual, instances);
    return worst === undefined ? [] : [`${one.instance} ${worst}`];
  });
}

function lowerMedian(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
