import type { Health } from "../../operator/health.js";
import { HEALTH_STYLES } from "../ls/rows.js";
import { count, shown } from "../output.js";
import { duration } from "../terminal/numbers.js";
import type { Paint, Style } from "../terminal/style.js";
import { type Column, renderTable } from "../terminal/table.js";
import { cut } from "../terminal/text-width.js";
import type { Change, LeaveReason, Listed } from "./changes.js";

/** How long one that left is still shown, and what is new is told so, in milliseconds. */
const NEWS_MS = 10_000;
/** Lines of what happened that are kept. */
const MOST_EVENTS = 200;

/** What is known of one instance. Points in time are milliseconds of performance.now. */
interface Entry {
  readonly listed: Listed;
  /** Since when it is there; undefined for one that was there at first. */
  readonly joinedAt: number | undefined;
  readonly left: { readonly at: number; readonly reason: LeaveReason | undefined } | undefined;
  readonly health: Health | undefined;
  readonly flippedAt: number | undefined;
}

/** How the table is to be drawn. */
export interface Look {
  readonly now: number;
  readonly paint: Paint;
  readonly width: number;
  readonly height: number;
}

/** The table that `watch` shows on a terminal, and below it what happened last. */
export class LiveTable {
  readonly #title: string;
  readonly #isNamed: boolean;
  readonly #entries = new Map<string, Entry>();
  readonly #events: { readonly line: string; readonly style: Style | undefined }[] = [];
  #trouble: string | undefined;

  /** @param isNamed whether several services are watched, so that each row names its own. */
  constructor(title: string, isNamed: boolean) {
    this.#title = title;
    this.#isNamed = isNamed;
  }

  /** The set that is listed now, and what has changed to it. */
  update(listed: readonly Listed[], changes: readonly Change[], now: number): void {
    for (const { kind, service, instance, reason } of changes) {
      const entry = this.#entries.get(nameOf({ service, instance }));
      if (kind === "left" && entry) this.#set({ ...entry, left: { at: now, reason } });
    }
    const joined = new Set(changes.filter(({ kind }) => kind === "joined").map(nameOf));
    for (const one of listed) {
      const known = this.#entries.get(nameOf(one));
      const stays = known && !known.left ? known : undefined;
      const joinedAt = stays ? stays.joinedAt : joined.has(nameOf(one)) ? now : undefined;
      this.#set({ listed: one, joinedAt, left: undefined, health: stays?.health, flippedAt: stays?.flippedAt });
    }
  }

  health(address: string, health: Health, before: Health | undefined, now: number): void {
    for (const entry of this.#entries.values()) {
      if (entry.listed.instance.address !== address || entry.left) continue;
      this.#set({ ...entry, health, flippedAt: before === undefined ? entry.flippedAt : now });
    }
  }

  /** Why there is no fresh answer; undefined when there is one again. */
  trouble(message: string | undefined): void {
    this.#trouble = message;
  }

  /** Something that happened, as a line that is not fit to be printed yet. */
  event(line: string, style?: Style): void {
    this.#events.push({ line: shown(line), style });
    if (this.#events.length > MOST_EVENTS) this.#events.shift();
  }

  /** Lines for the terminal. What left long ago is forgotten. */
  render({ now, paint, width, height }: Look): string[] {
    for (const [name, { left }] of this.#entries) if (left && now - left.at > NEWS_MS) this.#entries.delete(name);
    const entries = [...this.#entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
    const there = entries.filter(({ left }) => !left).length;
    const head = `${this.#title}  ${count(there, "instance")}  q ends it`;
    // What would be below the screen is counted and not drawn: a drawing of 20,000 instances takes a third of a second.
    const table = renderTable(columns(now, this.#isNamed), entries.slice(0, height), { paint, width });
    const top = [
      paint(cut(shown(head), width), "dim"),
      ...(this.#trouble === undefined ? [] : [paint(cut(`! ${shown(this.#trouble)}`, width), "red")]),
      "",
      ...(entries.length === 0 ? ["nobody yet"] : table),
    ];
    const room = height - top.length - 1;
    const events = room < 2 ? [] : this.#events.slice(-room);
    return [...top, ...(events.length > 0 ? ["", ...events.map((one) => paint(cut(one.line, width), one.style))] : [])];
  }

  #set(entry: Entry): void {
    this.#entries.set(nameOf(entry.listed), entry);
  }
}

function columns(now: number, isNamed: boolean): Column<Entry>[] {
  return [
    { title: "SERVICE", cell: ({ listed }) => (isNamed ? listed.service : ""), rank: 1 },
    {
      title: "ADDRESS",
      cell: ({ listed, left }) => ({ text: listed.instance.address, style: left && "dim" }),
      always: true,
    },
    { title: "STATE", cell: (entry) => state(entry, now), rank: 1 },
    {
      title: "HEALTH",
      cell: ({ health, left }) => (health && !left ? { text: health, style: HEALTH_STYLES[health] } : ""),
    },
    { title: "FOR", cell: ({ flippedAt, left }) => (flippedAt && !left ? duration(now - flippedAt) : ""), rank: 5 },
    { title: "WEIGHT", cell: ({ listed }) => String(listed.instance.weight ?? ""), rank: 3 },
    { title: "ZONE", cell: ({ listed }) => listed.instance.zone ?? "", rank: 2 },
    { title: "VERSION", cell: ({ listed }) => listed.instance.metadata?.version ?? "", rank: 4 },
    { title: "LEASE", cell: (entry) => lease(entry, now), rank: 7 },
  ];
}

function state({ joinedAt, left }: Entry, now: number): { text: string; style?: Style } {
  if (left) return { text: `left${left.reason ? `: ${left.reason}` : ""}`, style: "red" };
  if (joinedAt === undefined) return { text: "" };
  const ago = duration(now - joinedAt);
  return now - joinedAt < NEWS_MS ? { text: `joined ${ago} ago`, style: "green" } : { text: `here ${ago}` };
}

/** Seconds left by the last look. */
function lease({ listed: { lease }, left }: Entry, now: number): string {
  if (!lease || left) return "";
  if (lease.ttlSeconds === undefined) return "unknown";
  return `${Math.max(0, Math.round(lease.ttlSeconds - (now - lease.seenAt) / 1000))} s`;
}

function nameOf({ service, instance }: Pick<Listed, "service" | "instance">): string {
  return JSON.stringify([service, instance.address]);
}
