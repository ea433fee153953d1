import { type Instance, sameInstance } from "../instance.js";
import { count, printable, toJson } from "./output.js";

export interface Change {
  readonly kind: "joined" | "left" | "changed";
  readonly instance: Instance;
}

/** What happened to a set of instances, those that left first. */
export function changesBetween(before: readonly Instance[], after: readonly Instance[]): Change[] {
  const was = new Map(before.map((instance) => [instance.address, instance]));
  const is = new Set(after.map(({ address }) => address));
  const changes: Change[] = before
    .filter(({ address }) => !is.has(address))
    .map((instance) => ({ kind: "left", instance }));
  for (const instance of after) {
    const old = was.get(instance.address);
    if (!old) changes.push({ kind: "joined", instance });
    else if (!sameInstance(old, instance)) changes.push({ kind: "changed", instance });
  }
  return changes;
}

const SIGNS = { joined: "+", left: "-", changed: "~" } as const;

/** `12:00:01.042 + 10.0.0.1:8080 zone a (3 instances)`. */
export function renderChange({ kind, instance }: Change, total: number, at: Date): string {
  const { address, weight, zone, metadata = {} } = instance;
  const facts = [
    weight === undefined ? "" : ` weight ${weight}`,
    zone === undefined ? "" : ` zone ${zone}`,
    ...Object.entries(metadata).map(([name, value]) => ` ${name}=${value}`),
  ];
  return `${timeOfDay(at)} ${SIGNS[kind]} ${printable(address + facts.join(""))} (${count(total, "instance")})`;
}

export function renderChangeJson({ kind, instance }: Change, total: number, at: Date): string {
  return toJson({ time: at.toISOString(), change: kind, instance, count: total });
}

/** Local, to the millisecond. */
export function timeOfDay(at: Date): string {
  return `${at.toTimeString().slice(0, 8)}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}
