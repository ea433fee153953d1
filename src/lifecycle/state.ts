/**
 * A server's life as one state. `to` is where it goes once the work of the state is done, and may change meanwhile;
 * `because` is why it came to this by itself.
 */
export type LifeState =
  | { readonly is: "new" }
  /** Begins to listen. */
  | { readonly is: "binding"; readonly to: "entering" | "paused" | "closing" }
  /** Says that it serves, and has itself listed. */
  | { readonly is: "entering"; readonly resumed: boolean }
  | { readonly is: "serving" }
  /** Has itself taken out, then says that it does not serve. */
  | { readonly is: "leaving"; readonly to: "entering" | "paused" | "draining" | "stopped"; readonly because?: Error }
  | { readonly is: "paused"; readonly because?: Error }
  /** No longer listed, and answers until every client has seen it. */
  | { readonly is: "draining" }
  /** Takes no new calls, and lets those under way end. */
  | { readonly is: "closing" }
  /** Ends what has not ended in time. */
  | { readonly is: "killing" }
  | { readonly is: "stopped"; readonly because?: Error };

/** What is asked of a server, and how the work of a state ended. */
export type LifeEvent =
  | { readonly is: "start" | "pause" | "resume" | "stop" }
  | { readonly is: "bound" | "entered" | "left" | "drained" | "closed" | "timeUp" | "killed" }
  | { readonly is: "failed"; readonly because: Error };

/** The state after an event; the same object where the event means nothing. */
export function next(state: LifeState, event: LifeEvent): LifeState {
  switch (state.is) {
    case "new":
      if (event.is === "start") return { is: "binding", to: "entering" };
      return event.is === "stop" ? { is: "stopped" } : state;
    case "binding":
      return whileBinding(state, event);
    case "entering":
      if (event.is === "entered") return { is: "serving" };
      if (event.is === "failed") {
        return { is: "leaving", to: state.resumed ? "paused" : "stopped", because: event.because };
      }
      return whileIn(state, event);
    case "serving":
      return whileIn(state, event);
    case "leaving":
      return whileLeaving(state, event);
    case "paused":
      if (event.is === "resume") return { is: "entering", resumed: true };
      // Clients have long seen it go.
      return event.is === "stop" ? { is: "closing" } : state;
    case "draining":
      return event.is === "drained" ? { is: "closing" } : state;
    case "closing":
      if (event.is === "closed") return { is: "stopped" };
      return event.is === "timeUp" || event.is === "failed" ? { is: "killing" } : state;
    case "killing":
      return event.is === "killed" || event.is === "failed" ? { is: "stopped" } : state;
    case "stopped":
      return state;
  }
}

/** Whether it can be paused and resumed: started, and not asked to stop. */
export function isLive(state: LifeState): boolean {
  if (state.is === "binding") return state.to !== "closing";
  if (state.is === "leaving") return state.to === "paused" || state.to === "entering";
  return state.is === "entering" || state.is === "serving" || state.is === "paused";
}

function whileBinding(state: Extract<LifeState, { is: "binding" }>, event: LifeEvent): LifeState {
  switch (event.is) {
    case "pause":
      return state.to === "entering" ? { is: "binding", to: "paused" } : state;
    case "resume":
      return state.to === "paused" ? { is: "binding", to: "entering" } : state;
    case "stop":
      return { is: "binding", to: "closing" };
    // What it listens with may still come; it is stopped all the same.
    case "timeUp":
      return { is: "killing" };
    case "bound":
      return state.to === "entering" ? { is: "entering", resumed: false } : { is: state.to };
    case "failed":
      // Who stops it does not care any more.
      return state.to === "closing" ? { is: "stopped" } : { is: "stopped", because: event.because };
    default:
      return state;
  }
}

function whileIn(state: LifeState, event: LifeEvent): LifeState {
  if (event.is === "pause") return { is: "leaving", to: "paused" };
  return event.is === "stop" ? { is: "leaving", to: "draining" } : state;
}

function whileLeaving(state: Extract<LifeState, { is: "leaving" }>, event: LifeEvent): LifeState {
  const undecided = state.to === "paused" || state.to === "entering";
  switch (event.is) {
    case "pause":
      return state.to === "entering" ? { is: "leaving", to: "paused" } : state;
    case "resume":
      return state.to === "paused" ? { is: "leaving", to: "entering" } : state;
    case "stop":
      return undecided ? { is: "leaving", to: "draining" } : state;
    case "left": {
      if (state.to === "entering") return { is: "entering", resumed: true };
      if (state.to === "draining") return { is: "draining" };
      return { is: state.to, ...(state.because && { because: state.because }) };
    }
    default:
      return state;
  }
}
