import { type Instance, sameInstance } from "../../instance.js";
import type { Health } from "../../operator/health.js";
import type { SeenLease } from "../../operator/leave-reason.js";
import { count, shownMetadata, toJson } from "../output.js";

/** An instance of one service, and what its backend says of its stay. */
export interface Listed {
  readonly service: string;
  readonly instance: Instance;
  /** Undefined where the backend has no leases, or the key has none. */
  readonly lease?: SeenLease | undefined;
}

export interface Change {
  /** `listed`: there when the watch began. */
  readonly kind: "listed" | "joined" | "left" | "changed";
  readonly service: string;
  readonly instance: Instance;
  /** Of its service, after the change. */
  readonly count: number;
  /** Why it left, where that can be known. */
  readonly reason?: LeaveReason;
}

export type LeaveReason = "stopped" | "expired" | "paused" | "deleted";

/**
 * What happened between two sets, those that left first.
 * @param before undefined for the first set
 * @param why says why an instance left
 */
export function changesBetween(
  before: readonly Listed[] | undefined,
  after: readonly Listed[],
  why: (left: Listed) => LeaveReason | undefined = () => undefined,
): Change[] {
  const is = byName(after);
  const counts = new Map<string, number>();
  for (const { service } of is.values()) counts.set(service, (counts.get(service) ?? 0) + 1);
  const changes: Change[] = [];
  const add = (kind: Change["kind"], { service, instance }: Listed, reason?: LeaveReason) =>
    changes.push({ kind, service, instance, count: counts.get(service) ?? 0, ...(reason && { reason }) });

  const was = byName(before ?? []);
  for (const [name, listed] of was) if (!is.has(name)) add("left", listed, why(listed));
  for (const [name, listed] of is) {
    const old = was.get(name);
    if (!old) add(before ? "joined" : "listed", listed);
    else if (!sameInstance(old.instance, listed.instance)) add("changed", listed);
  }
  return changes;
}

const SIGNS = { listed: "=", joined: "+", left: "-", changed: "~" } as const;

/**
 * `12:00:01.042 + 10.0.0.1:8080 zone a (3 instances)`.
 * @param named whether the service is named, where several are watched
 */
export function renderChange(
  { kind, service, instance, count: total, reason }: Change,
  at: Date,
  named = false,
): string {
  const { address, weight, zone, metadata = {} } = instance;
  const facts = [
    weight === undefined ? "" : ` weight ${weight}`,
    zone === undefined ? "" : ` zone ${zone}`,
    ...shownMetadata(metadata).map((pair) => ` ${pair}`),
    reason === undefined ? "" : ` ${reason}`,
  ];
  const who = `${named ? `${service} ` : ""}${address}`;
  return `${timeOfDay(at)} ${SIGNS[kind]} ${who}${facts.join("")} (${count(total, "instance")})`;
}

export function renderChangeJson({ kind, ...change }: Change, at: Date): string {
  return toJson({ time: at.toISOString(), change: kind, ...change });
}

/** An instance that says otherwise of its health than before. */
export interface Flip {
  readonly service: string;
  readonly instance: Instance;
  readonly health: Health;
  readonly before: Health;
  /** Instances of its service. */
  readonly count: number;
}

/** `12:00:01.042 ~ 10.0.0.1:8080 not serving, was serving (3 instances)`. */
export function renderFlip({ service, instance, health, before, count: total }: Flip, at: Date, named = false): string {
  const who = `${named ? `${service} ` : ""}${instance.address}`;
  return `${timeOfDay(at)} ~ ${who} ${health}, was ${before} (${count(total, "instance")})`;
}

export function renderFlipJson({ service, instance, health, before, count }: Flip, at: Date): string {
  return toJson({ time: at.toISOString(), change: "health", service, instance, count, health, before });
}

/** Local, to the millisecond. */
export function timeOfDay(at: Date): string {
  return `${at.toTimeString().slice(0, 8)}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

function byName(all: readonly Listed[]): Map<string, Listed> {
  return new Map(all.map((listed) => [JSON.stringify([listed.service, listed.instance.address]), listed]));
}
