import type { Health } from "../../operator/health.js";
import { print, printError, printShown } from "../output.js";
import { Screen } from "../terminal/screen.js";
import { painter, type Style } from "../terminal/style.js";
import {
  type Change,
  type Listed,
  renderChange,
  renderChangeJson,
  renderFlip,
  renderFlipJson,
  timeOfDay,
} from "./changes.js";
import { LiveTable } from "./live-table.js";

/** Where what happens is shown. */
export interface WatchView {
  /** Aborted when the user has had enough. */
  readonly signal: AbortSignal;
  update(listed: readonly Listed[], changes: readonly Change[]): void;
  /** @param before undefined for the first word. @param count instances of its service */
  health(listed: Listed, health: Health, before: Health | undefined, count: number): void;
  trouble(trouble: Error | undefined): void;
  /** Nobody is listed at first. */
  empty(message: string): void;
  close(): void;
}

const AGAIN = "the registry answers again";

/** A line a change, for pipes and files; with JSON for programs. Flips of health are changes, first words are none. */
export function lineView(json: boolean, isNamed: boolean): WatchView {
  return {
    signal: new AbortController().signal,
    update(_listed, changes) {
      const now = new Date();
      for (const change of changes) {
        if (json) printShown(renderChangeJson(change, now));
        else print(renderChange(change, now, isNamed));
      }
    },
    health(listed, health, before, count) {
      if (before === undefined) return;
      const flip = { ...listed, health, before, count };
      if (json) printShown(renderFlipJson(flip, new Date()));
      else print(renderFlip(flip, new Date(), isNamed));
    },
    trouble: (trouble) => printError(`${timeOfDay(new Date())} ! ${trouble?.message ?? AGAIN}`),
    empty: printError,
    close: () => {},
  };
}

const STYLES: Readonly<Record<Change["kind"], Style | undefined>> = {
  listed: undefined,
  joined: "green",
  left: "red",
  changed: "yellow",
};
/** Ages and leases go on while nothing happens, in milliseconds. */
const TICK_MS = 1_000;
/** What happens within this time is drawn once, in milliseconds: a thousand instances may say their health at once. */
const DRAW_MS = 20;

/** A table that is drawn anew whenever something happens. */
export class LiveView implements WatchView {
  readonly #table: LiveTable;
  readonly #screen = new Screen();
  readonly #paint = painter(process.stdout);
  readonly #isNamed: boolean;
  readonly #ticks = setInterval(() => this.#draw(), TICK_MS);
  #drawing: NodeJS.Timeout | undefined;

  constructor(title: string, isNamed: boolean) {
    this.#table = new LiveTable(title, isNamed);
    this.#isNamed = isNamed;
    this.#draw();
  }

  get signal(): AbortSignal {
    return this.#screen.signal;
  }

  update(listed: readonly Listed[], changes: readonly Change[]): void {
    const now = new Date();
    this.#table.update(listed, changes, performance.now());
    for (const change of changes) {
      if (change.kind !== "listed") this.#table.event(renderChange(change, now, this.#isNamed), STYLES[change.kind]);
    }
    this.#draw();
  }

  health(listed: Listed, health: Health, before: Health | undefined, count: number): void {
    this.#table.health(listed.instance.address, health, before, performance.now());
    if (before !== undefined) {
      const line = renderFlip({ ...listed, health, before, count }, new Date(), this.#isNamed);
      this.#table.event(line, health === "serving" ? "green" : "red");
    }
    this.#draw();
  }

  trouble(trouble: Error | undefined): void {
    this.#table.trouble(trouble?.message);
    this.#table.event(`${timeOfDay(new Date())} ! ${trouble?.message ?? AGAIN}`, trouble ? "red" : "green");
    this.#draw();
  }

  empty(message: string): void {
    this.#table.event(message, "yellow");
    this.#draw();
  }

  close(): void {
    clearInterval(this.#ticks);
    clearTimeout(this.#drawing);
    this.#screen.close();
  }

  #draw(): void {
    this.#drawing ??= setTimeout(() => {
      this.#drawing = undefined;
      this.#screen.draw((size) => this.#table.render({ now: performance.now(), paint: this.#paint, ...size }));
    }, DRAW_MS);
  }
}
