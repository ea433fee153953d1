// Loaded with the program, in nobody's context, which is the one that background work runs in.
import "../async/detached.js";

export type { PoolInstanceStats, PoolStats } from "../pool/stats.js";
export { type RollcallInterceptor, type RollcallInterceptorOptions, rollcallInterceptor } from "./interceptor.js";
export { outcomeOfStatus } from "./outcome.js";
