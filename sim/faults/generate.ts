import { Random } from "../world/random.js";
import type { Fault, Kind, Schedule, Setup } from "./fault.js";

/** Faults begin after this, when everybody has started, in milliseconds. */
const FIRST_MS = 3_000;

/** The schedule of a seed: how large a world, and what goes wrong in it, one after the other and at once. */
export function scheduleOf(seed: number): Schedule {
  const random = new Random(seed, 1);
  const setup: Setup = {
    seed,
    members: random.chance(0.4) ? 3 : 1,
    authenticated: random.chance(0.2),
    servers: random.pick([1, 2, 2, 3, 3, 5]),
    clients: random.pick([1, 1, 2, 2, 3]),
    ttlSeconds: random.pick([5, 10]),
    slowestMs: random.pick([1, 5, 40]),
    callsPerSecond: random.pick([0.2, 1, 3]),
    ownIds: random.chance(0.25),
    attributes: random.chance(0.3),
    mutual: random.chance(0.2),
  };
  const spanMs = random.pick([1_000, 8_000, 20_000, 45_000]);
  const faults = Array.from({ length: random.whole(1, random.pick([3, 6, 12, 30])) }, (): Fault => {
    const what = kind(random, setup);
    return { atMs: Math.round(random.between(FIRST_MS, FIRST_MS + spanMs)), lastsMs: lasts(random, setup), what };
  });
  return { setup, faults: faults.sort((a, b) => a.atMs - b.atMs) };
}

/** Short of what is noticed, about a TTL, and long past it. */
function lasts(random: Random, { ttlSeconds }: Setup): number {
  const ttlMs = ttlSeconds * 1_000;
  return Math.round(
    random.pick([
      random.between(1, 1_500),
      random.between(1_500, ttlMs),
      random.between(ttlMs, random.pick([2.5, 6]) * ttlMs),
    ]),
  );
}

function kind(random: Random, setup: Setup): Kind {
  const member = random.whole(1, setup.members);
  const servers = Array.from({ length: setup.servers }, (_, i) => `server-${i + 1}`);
  const clients = Array.from({ length: setup.clients }, (_, i) => `client-${i + 1}`);
  const server = random.pick(servers);
  const place = random.pick([...servers, ...clients]);
  const other = random.pick([`etcd-${member}`, `etcd-${member}`, place === server ? random.pick(clients) : server]);
  const [a, b] = random.chance(0.5) ? [place, other] : [other, place];
  const moves = random.chance(0.5);
  const kinds: readonly Kind[] = [
    { is: "member crashes", member },
    { is: "member freezes", member },
    { is: "member is slow", member, ms: random.pick([200, 1_000, 4_000]) },
    { is: "member is cut off", member },
    { is: "watches are silent", member },
    { is: "history is compacted" },
    { is: "history is short" },
    { is: "data is lost" },
    { is: "strangers are listed", everyMs: random.pick([30, 400, 3_000]) },
    { is: "nonsense is listed" },
    { is: "backup is restored", revisions: random.whole(1, 8) },
    { is: "leases are revoked" },
    { is: "tokens expire" },
    { is: "path is silent", a, b },
    { is: "path is silent", a, b },
    { is: "path is slow", a, b, ms: random.pick([100, 700, 2_500]) },
    { is: "path is flaky", a, b, ms: random.pick([30, 300, 2_000]) },
    { is: "path is flaky", a: `etcd-${member}`, b: place, ms: random.pick([30, 300, 2_000]) },
    { is: "connections are reset", a, b },
    { is: "connections are forgotten", a, b },
    { is: "connections are half closed", a, b },
    { is: "process freezes", place },
    { is: "process freezes", place: server },
    { is: "process is killed", place, moves },
    { is: "process is killed", place: server, moves },
    { is: "server is restarted", place: server, moves },
    { is: "server is restarted", place: server, moves },
    { is: "clock jumps", place, ms: random.pick([-3_600_000, -5_000, 5_000, 86_400_000]) },
    { is: "server is unwilling", place: server },
    { is: "server rests", place: server },
    { is: "operator deletes its key", place: server },
    { is: "operator deletes its attributes", place: server },
    { is: "operator pauses it", place: server },
  ];
  return random.pick(kinds);
}
