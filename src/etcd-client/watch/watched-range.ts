import { callListener } from "../../async/supervise.js";
import type { KeyRange } from "../key-range.js";
import { type Change, RangeView } from "./range-view.js";

/** Told what happens to a watched range. What it throws is reported and changes nothing. */
export interface RangeObserver {
  /** The range was listed (for the first time, or again with what differs) or events came; the view is up to date. */
  changed(change: Change, view: RangeView): void;
  /** Why there is no fresh answer, once per change of reason; undefined when answers are fresh again. */
  trouble?(trouble: Error | undefined): void;
}

/** A range that somebody watches, over all the streams it takes. */
export class WatchedRange {
  readonly range: KeyRange;
  readonly view = new RangeView();
  closed = false;
  readonly #observer: RangeObserver;
  #trouble: Error | undefined;

  constructor(range: KeyRange, observer: RangeObserver) {
    this.range = range;
    this.#observer = observer;
  }

  changed(change: Change): void {
    if (!this.closed) callListener("the observer of a watch", () => this.#observer.changed(change, this.view));
  }

  /** @returns whether that is news to somebody who still watches: an observer may close the range instead. */
  trouble(trouble: Error | undefined): boolean {
    if (this.closed || trouble?.message === this.#trouble?.message) return false;
    this.#trouble = trouble;
    callListener("the observer of a watch", () => this.#observer.trouble?.(trouble));
    return !this.closed;
  }
}
