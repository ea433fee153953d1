import { createHash } from "node:crypto";

/** Which of many clients this one is. */
export interface SubsetPlace {
  /** Index of this client among all clients, from 0. */
  readonly index: number;
  /** How many clients there are. */
  readonly clients: number;
}

/**
 * The `size` keys that a client of this identity connects to, in the order of `keys`; all of them when there are no more.
 * Rendezvous hashing (Thaler and Ravishankar, 1998): each key scores by a hash of client and key, the highest win. One
 * join or leave changes at most one of the client's keys.
 */
export function subset(keys: readonly string[], size: number, client: string): string[] {
  if (!(size < keys.length)) return [...keys];
  const scored = keys.map((key) => ({ key, score: score(client, key) }));
  scored.sort((a, b) => (a.score < b.score ? 1 : a.score > b.score ? -1 : a.key < b.key ? 1 : -1));
  const chosen = new Set(scored.slice(0, Math.max(1, size)).map(({ key }) => key));
  return keys.filter((key) => chosen.has(key));
}

function score(client: string, key: string): string {
  return createHash("sha256").update(client).update("\0").update(key).digest("hex");
}
