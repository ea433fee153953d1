export {
  ConsistentHash,
  type ConsistentHashOptions,
  type ConsistentHashSet,
} from "./hashing/consistent-hash.js";
export { Hedging, type HedgingOptions } from "./hedging/hedging.js";
export type { Node, Weighed } from "./node.js";
export { type Outcome, outcomeOf } from "./outcome.js";
export { P2cEwma, type P2cEwmaOptions } from "./p2c/p2c-ewma.js";
export { type SubsetPlace, subset } from "./subset.js";
