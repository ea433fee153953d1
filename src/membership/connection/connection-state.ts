/** A connection that stands, by what its instance says of its health. */
export type UpState = { readonly is: "checking health" } | { readonly is: "serving" } | { readonly is: "not serving" };

/**
 * Why a connection is probed: `silence` when calls on it are not answered, `idle` when nothing has passed for so long that
 * the way may be gone.
 */
export type ProbeCause = "silence" | "idle";

/** What a connection to one instance is doing. */
export type ConnectionState =
  /** Nobody dials. */
  | { readonly is: "idle" }
  /** Being dialled. `failure` says why the last attempt failed; with one it counts as failing until an attempt succeeds. */
  | { readonly is: "connecting"; readonly failure?: string }
  | UpState
  /** Asked whether anybody is at its other end. */
  | { readonly is: "probing"; readonly was: UpState; readonly cause: ProbeCause }
  | { readonly is: "closed" };

export type ConnectionEvent =
  | { readonly type: "dial" }
  | { readonly type: "connected"; readonly checksHealth: boolean }
  | { readonly type: "failed"; readonly reason: string }
  /** It has ended, or the far side is about to end it. */
  | { readonly type: "lost" }
  | { readonly type: "told"; readonly serving: boolean }
  | { readonly type: "probe"; readonly cause: ProbeCause }
  /** The probe has been answered. */
  | { readonly type: "alive" }
  /** The probe has not been answered: another connection is dialled in its place. */
  | { readonly type: "dead" }
  | { readonly type: "close" };

/** The state after an event. An event that means nothing in a state leaves it as it is: the same object. */
export function next(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  if (state.is === "closed") return state;
  switch (event.type) {
    case "close":
      return { is: "closed" };
    case "dial":
      return state.is === "idle" ? { is: "connecting" } : state;
    case "connected":
      if (state.is !== "connecting") return state;
      return event.checksHealth ? { is: "checking health" } : { is: "serving" };
    case "failed":
      return state.is === "connecting" ? { is: "connecting", failure: event.reason } : state;
    case "lost":
      return upState(state) ? { is: "idle" } : state;
    case "told":
      return told(state, event.serving);
    case "probe":
      return probed(state, event.cause);
    case "alive":
      return state.is === "probing" ? state.was : state;
    case "dead":
      return state.is === "probing" ? { is: "connecting" } : state;
  }
}

/** A word of health is a sign of life too, so it ends a probe. */
function told(state: ConnectionState, serving: boolean): ConnectionState {
  const is = serving ? "serving" : "not serving";
  return upState(state) && state.is !== is ? { is } : state;
}

function probed(state: ConnectionState, cause: ProbeCause): ConnectionState {
  if (state.is === "probing") return state;
  const was = upState(state);
  return was ? { is: "probing", was, cause } : state;
}

/** What is known of the health behind a connection that stands; undefined when none stands. */
export function upState(state: ConnectionState): UpState | undefined {
  switch (state.is) {
    case "checking health":
    case "serving":
    case "not serving":
      return state;
    case "probing":
      return state.was;
    default:
      return undefined;
  }
}

/** Connected, and as far as known the instance wants calls. */
export function isServing(state: ConnectionState): boolean {
  return upState(state)?.is === "serving";
}
