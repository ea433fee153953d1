import { mostSetAside } from "../balancer/overload/set-aside.js";
import { type ConnectionState, upState } from "./connection/connection-state.js";

/** What a channel can do for its callers now. */
export type ChannelState =
  /**
   * Calls go to these. `panic`: none of them says that it serves, and none is on the way to. `pending`: some others are on
   * their way to being ready.
   */
  | { readonly is: "ready"; readonly usable: readonly string[]; readonly panic: boolean; readonly pending: boolean }
  /** Calls wait. `up`: some are connected, and say that they do not serve. */
  | { readonly is: "connecting"; readonly up: boolean }
  /** Calls fail at once, unless they wait for ready. */
  | { readonly is: "failing" };

export interface ChannelRules {
  /** Whether those that are on their way are still waited for, where the ones that are up do not serve. */
  readonly patient: boolean;
  /**
   * Largest share of the connected instances whose word that they do not serve is heeded, 0 to 1; beyond it all are used. Default
   * 1: it is heeded as long as one serves.
   */
  readonly maxSetAside?: number;
  /** Whether one that is being probed keeps its place, and its calls wait for the answer. Default false: others get them meanwhile. */
  readonly keepsProbed?: boolean;
  /** Whether the registry may name others any moment, these being only remembered: calls wait for its word. Default false. */
  readonly awaited?: boolean;
}

/**
 * The state of a channel by those of its connections. As in gRPC's endpointsharding, one that is ready decides, then one that
 * is on its way, then failure; but an instance that is up is used, whatever it says of itself, before calls fail.
 */
export function channelState(
  connections: Iterable<readonly [id: string, state: ConnectionState]>,
  { patient, maxSetAside = 1, keepsProbed = false, awaited = false }: ChannelRules,
): ChannelState {
  const serving: string[] = [];
  const suspected: string[] = [];
  const unwilling: string[] = [];
  let pending = false;
  let members = 0;
  for (const [id, state] of connections) {
    members += 1;
    const standing = standingOf(state, keepsProbed);
    if (standing === "serving") serving.push(id);
    else if (standing === "suspected") suspected.push(id);
    else if (standing === "unwilling") unwilling.push(id);
    else if (standing === "pending") pending = true;
  }
  const willing = serving.length > 0 ? serving : suspected;
  const up = serving.length + suspected.length + unwilling.length;
  // While others are on their way it is too early to say that too few serve.
  const tooFew = !(pending && patient) && unwilling.length > mostSetAside(up, maxSetAside);
  if (willing.length > 0 && !tooFew) return { is: "ready", usable: willing, panic: false, pending };
  if (unwilling.length > 0 && !(pending && patient)) {
    return { is: "ready", usable: [...serving, ...suspected, ...unwilling], panic: true, pending };
  }
  return pending || members === 0 || awaited ? { is: "connecting", up: unwilling.length > 0 } : { is: "failing" };
}

/**
 * `suspected`: calls on it have not been answered, so it is used only where nobody else is. `unwilling`: it says that it
 * does not serve.
 */
function standingOf(
  state: ConnectionState,
  keepsProbed: boolean,
): "serving" | "suspected" | "unwilling" | "pending" | "failing" {
  const up = upState(state);
  if (up?.is === "not serving") return "unwilling";
  if (state.is === "serving" || (up?.is === "serving" && keepsProbed)) return "serving";
  if (state.is === "probing" && up?.is === "serving" && state.cause === "silence") return "suspected";
  if (state.is === "closed" || (state.is === "connecting" && state.failure !== undefined)) return "failing";
  return "pending";
}
