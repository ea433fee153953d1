import type { Server as NetServer } from "node:net";
import type { CallCounts } from "../observe/state.js";
import type { Bound } from "./bound.js";

/** What serves. What a hook throws is logged; only that of bind(), and of health(true), fails a start. */
export interface Served {
  /** Listens, where that is not done yet, and says under which address. */
  bind(): Promise<Bound> | Bound;
  health?(serving: boolean): unknown;
  /** Takes no new calls; its promise, or the closing of the server it returns, tells that the last one has ended. */
  close?(): PromiseLike<unknown> | NetServer;
  /** Ends what is left. */
  kill?(): unknown;
  /** For the log, and for whoever shows the server's state: its name and the calls it is working on. */
  facts?(): { readonly name?: string | undefined; readonly service?: string; readonly calls?: number };
  /** What it has served so far. */
  counts?(): CallCounts;
}
