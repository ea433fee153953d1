/** What is to be told of the connection to a cluster. Events change it by next(); what a change is worth saying, by announce(). */
export type ConnectionState =
  /** Nothing is known yet. */
  | { readonly at: "starting" }
  | { readonly at: "connected"; readonly host: string }
  /** It was connected; whether another host can be used is being found out. */
  | { readonly at: "lost"; readonly reason: string }
  /** Every host was tried, and none can be used. */
  | { readonly at: "unreachable"; readonly reason: string }
  | { readonly at: "closed" };

export type ConnectionEvent =
  | { readonly is: "opened"; readonly host: string }
  | { readonly is: "lost"; readonly reason: string }
  | { readonly is: "failed"; readonly reason: string }
  | { readonly is: "closed" };

/** The state after an event. Closing is final. */
export function next(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  if (state.at === "closed") return state;
  switch (event.is) {
    case "opened":
      return { at: "connected", host: event.host };
    case "lost":
      return { at: "lost", reason: event.reason };
    case "failed":
      return { at: "unreachable", reason: event.reason };
    case "closed":
      return { at: "closed" };
  }
}

export interface Announcement {
  readonly level: "info" | "warn";
  readonly message: string;
}

/**
 * The one line that a change is worth; undefined when nothing is new. While no host can be used every other reason is news: what
 * refused the connection first may refuse the password next.
 */
export function announce(before: ConnectionState, after: ConnectionState): Announcement | undefined {
  switch (after.at) {
    case "connected":
      return { level: "info", message: `connected to etcd at ${after.host}` };
    case "lost":
      return { level: "warn", message: `lost the connection: ${after.reason}` };
    case "unreachable":
      if (before.at === "unreachable" && before.reason === after.reason) return undefined;
      return { level: "warn", message: `${after.reason}; retrying` };
    default:
      return undefined;
  }
}
