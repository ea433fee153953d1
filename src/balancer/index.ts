export { type Outcome, outcomeOf } from "./outcome.js";
export { type Node, P2cEwma, type P2cEwmaOptions } from "./p2c-ewma.js";
export { type SubsetPlace, subset } from "./subset.js";
