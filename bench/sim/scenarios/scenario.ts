import type { Draw } from "../world/random.js";
import type { World } from "../world/world.js";

/** Calls of one method. */
export interface Kind {
  readonly name: string;
  /** How many of the calls are of this kind, 0 to 1. */
  readonly share: number;
  /** Mean time to serve one, in milliseconds. */
  readonly ms: number;
  /** Its service times, mean 1. */
  readonly service: Draw;
}

/** Calls arrive for so long unless a scenario says otherwise, in milliseconds. */
export const LENGTH_MS = 30_000;

/** Servers, clients and what happens to them. Times in milliseconds. */
export interface Scenario {
  readonly servers: number;
  /** Calls a server works on at once; more wait in its queue. Default 4. */
  readonly workers?: number;
  /** Mean time to serve a call. Default 10. */
  readonly serviceMs?: number;
  /** Service times, mean 1. Default exponential. */
  readonly service?: Draw;
  /** Calls of several kinds, instead of serviceMs and service. */
  readonly kinds?: readonly Kind[];
  /** Calls a second of each client. */
  readonly rates: readonly number[];
  /** Times those rates at a time. Default 1. */
  readonly load?: (now: number) => number;
  /** Calls started in one tick at each arrival; above 1 the arrivals are regular. Default 1. */
  readonly burst?: number;
  /** Calls arrive until then. Default 30,000. */
  readonly lengthMs?: number;
  /** Calls that arrive earlier are not counted. Default 0. */
  readonly warmMs?: number;
  /** Share of the answers that the network loses once, each time they are sent: TCP sends them again. Default 0. */
  readonly loss?: number;
  /** Limit after which a call fails. Default none. */
  readonly deadlineMs?: number;
  /** The time that a call takes is its own: a second copy takes as long as the first. Default false: it is drawn again. */
  readonly ownTime?: boolean;
  /** Servers go on with a copy that lost, as handlers do that do not listen for their call's end. Default false. */
  readonly losersGoOn?: boolean;
  /** Servers work on calls of which the client has given up, as handlers do that are begun whatever the deadline. Default false. */
  readonly servesGivenUp?: boolean;
  /** Servers refuse what they cannot hold, by the rules of src/lifecycle/overload. Default false. */
  readonly shedding?: boolean;
  /** How many times slower a server is. Default 1. */
  readonly slowness?: (server: number) => number;
  /** Servers that clients know at the start. Default all. */
  readonly members?: readonly number[];
  /** Puts what happens later on the agenda. */
  readonly plot?: (world: World) => void;
}
