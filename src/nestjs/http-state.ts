import type { ServerLife } from "../lifecycle/server-life.js";

/** What was asked of an HTTP server before it listened, as Nest stops and runs hooks while it starts; afterwards its life knows. */
export type HttpState =
  | { readonly is: "waiting" }
  /** Paused before it listens. */
  | { readonly is: "paused" }
  | { readonly is: "listening"; readonly life: ServerLife }
  /** Stopped before it listened: it is never to be listed. */
  | { readonly is: "closed" };

export type HttpEvent =
  | { readonly is: "pause" | "resume" | "close" }
  | { readonly is: "listen"; readonly life: ServerLife };

/** The state after an event; the same object where the event means nothing. */
export function next(state: HttpState, event: HttpEvent): HttpState {
  if (state.is === "listening" || state.is === "closed") return state;
  switch (event.is) {
    case "pause":
      return { is: "paused" };
    case "resume":
      return { is: "waiting" };
    case "close":
      return { is: "closed" };
    case "listen":
      return { is: "listening", life: event.life };
  }
}
