// Loaded with the program, in nobody's context, which is the one that background work runs in.
import "../async/detached.js";

export type { Outcome } from "../balancer/outcome.js";
export { createPool, type Exchange, type Pool } from "./create-pool.js";
export { NoInstanceError, PoolClosedError } from "./errors.js";
export type { ExchangeOptions } from "./exchange-options.js";
export type { Lease } from "./lease.js";
export type { ConnectContext, FailureOutcome, PoolOptions } from "./options.js";
export { outcomeOfError } from "./outcome.js";
export type { PoolInstanceStats, PoolStats } from "./stats.js";
