import { randomUUID } from "node:crypto";
import { subset } from "../balancer/subset.js";
import type { Choice } from "./membership.js";

/**
 * So many instances a client connects to at most unless it is told how many: each costs both sides a socket, and a process that may
 * open 1,024 files has as many left for everything else.
 */
export const MOST_INSTANCES = 500;

/** Tells this process from the other clients of a service when each takes a subset. */
const CLIENT = randomUUID();

/**
 * @param size how many to connect to; 0 for all, up to MOST_INSTANCES.
 * @param client clients of one name choose the same. Default this process alone.
 */
export function choose(ids: readonly string[], size: number, client: string = CLIENT): Choice {
  const limitedTo = size === 0 ? MOST_INSTANCES : undefined;
  return { ids: subset(ids, limitedTo ?? size, client), limitedTo };
}
