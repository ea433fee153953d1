// Loaded with the program, in nobody's context, which is the one that background work runs in.
import "../async/detached.js";

export type { PoolInstanceStats, PoolStats } from "../pool/stats.js";
export type { RollcallTransportOptions } from "./options.js";
export { createRollcallTransport, type RollcallTransport } from "./transport.js";
