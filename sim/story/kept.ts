import type { Schedule, Setup } from "../faults/fault.js";

const SMALL: Setup = {
  seed: 1,
  members: 1,
  authenticated: false,
  servers: 2,
  clients: 1,
  ttlSeconds: 5,
  slowestMs: 1,
  callsPerSecond: 1,
  ownIds: false,
  attributes: false,
  mutual: false,
};

/** Schedules that once failed, as small as they could be made. They are whole, so that a seed may come to mean another one. */
export const kept: readonly { readonly was: string; readonly schedule: Schedule }[] = [
  {
    was: "a key without a lease, put again under the same number after a restored backup, was taken for proof of an unchanged history",
    schedule: {
      setup: SMALL,
      faults: [
        { atMs: 4_000, lastsMs: 30_000, what: { is: "nonsense is listed" } },
        { atMs: 5_000, lastsMs: 6_000, what: { is: "path is silent", a: "client-1", b: "etcd-1" } },
        { atMs: 5_500, lastsMs: 0, what: { is: "backup is restored", revisions: 2 } },
        { atMs: 8_000, lastsMs: 20_000, what: { is: "nonsense is listed" } },
        { atMs: 15_000, lastsMs: 8_000, what: { is: "process is killed", place: "server-1", moves: true } },
        { atMs: 15_000, lastsMs: 8_000, what: { is: "process is killed", place: "server-2", moves: true } },
      ],
    },
  },
  {
    was: "a paused instance whose key came back with a restored backup stayed listed",
    schedule: {
      setup: SMALL,
      faults: [
        { atMs: 4_000, lastsMs: 8_000, what: { is: "operator pauses it", place: "server-1" } },
        { atMs: 8_000, lastsMs: 0, what: { is: "backup is restored", revisions: 1 } },
        // Nobody can resume it.
        { atMs: 11_900, lastsMs: 11_000, what: { is: "member crashes", member: 1 } },
      ],
    },
  },
  {
    was: "a put whose watch was silent when a backup was restored, which had not come so far, was never missed",
    schedule: {
      setup: { ...SMALL, seed: 3_008_450, servers: 3, clients: 2, slowestMs: 40 },
      faults: [
        { atMs: 17_107, lastsMs: 334, what: { is: "operator pauses it", place: "server-3" } },
        { atMs: 17_459, lastsMs: 18_438, what: { is: "operator pauses it", place: "server-1" } },
        { atMs: 17_914, lastsMs: 6_085, what: { is: "backup is restored", revisions: 2 } },
        { atMs: 17_975, lastsMs: 10_069, what: { is: "watches are silent", member: 1 } },
        { atMs: 20_144, lastsMs: 4_045, what: { is: "backup is restored", revisions: 2 } },
      ],
    },
  },
  {
    was: "a put that was under way when the lease fell late was forgotten once that was renewed",
    schedule: {
      setup: {
        ...SMALL,
        seed: 3_017_167,
        clients: 3,
        ttlSeconds: 10,
        slowestMs: 40,
        callsPerSecond: 3,
        attributes: true,
      },
      faults: [
        { atMs: 3_018, lastsMs: 563, what: { is: "operator deletes its attributes", place: "server-1" } },
        { atMs: 3_034, lastsMs: 2_590, what: { is: "member is cut off", member: 1 } },
        { atMs: 3_520, lastsMs: 30_060, what: { is: "member crashes", member: 1 } },
        { atMs: 3_947, lastsMs: 7_939, what: { is: "operator deletes its key", place: "server-1" } },
      ],
    },
  },
  {
    was: "attributes that were being put again when etcd went away were forgotten: the same with another history in between",
    schedule: {
      setup: { ...SMALL, seed: 3_023_147, servers: 3, clients: 3, attributes: true, mutual: true },
      faults: [
        { atMs: 3_115, lastsMs: 14_339, what: { is: "backup is restored", revisions: 6 } },
        { atMs: 3_718, lastsMs: 918, what: { is: "operator deletes its attributes", place: "server-1" } },
        { atMs: 3_967, lastsMs: 6_976, what: { is: "member is cut off", member: 1 } },
      ],
    },
  },
  {
    was: "the simulation counted a call twice that was not started and reached its deadline elsewhere",
    schedule: {
      setup: {
        ...SMALL,
        seed: 3_023_518,
        clients: 2,
        ttlSeconds: 10,
        callsPerSecond: 3,
        ownIds: true,
        attributes: true,
      },
      faults: [
        { atMs: 25_911, lastsMs: 18_806, what: { is: "operator deletes its attributes", place: "server-2" } },
        { atMs: 29_206, lastsMs: 5_486, what: { is: "server is unwilling", place: "server-1" } },
        { atMs: 32_232, lastsMs: 24_786, what: { is: "connections are forgotten", a: "client-2", b: "server-1" } },
        { atMs: 37_450, lastsMs: 59_187, what: { is: "process is killed", place: "server-1", moves: true } },
        { atMs: 41_681, lastsMs: 7_720, what: { is: "connections are forgotten", a: "server-2", b: "client-2" } },
      ],
    },
  },
  {
    was: "the simulation started a server twice whose two restarts ended in the same moment",
    schedule: {
      setup: { ...SMALL, seed: 3_000_257, clients: 2, slowestMs: 5, attributes: true },
      faults: [
        { atMs: 7_943, lastsMs: 671, what: { is: "server is restarted", place: "server-1", moves: false } },
        { atMs: 8_201, lastsMs: 613, what: { is: "server is restarted", place: "server-1", moves: false } },
        { atMs: 14_942, lastsMs: 1_677, what: { is: "operator pauses it", place: "server-1" } },
        { atMs: 15_416, lastsMs: 28_493, what: { is: "member crashes", member: 1 } },
      ],
    },
  },
  {
    was: "the simulation took a stranger for the one who serves, and blamed a client for calling whom etcd does not list",
    schedule: {
      setup: { ...SMALL, seed: 3_002_427, authenticated: true, servers: 5, clients: 3, ttlSeconds: 10, mutual: true },
      faults: [
        { atMs: 3_376, lastsMs: 11_630, what: { is: "data is lost" } },
        { atMs: 3_527, lastsMs: 19_085, what: { is: "strangers are listed", everyMs: 400 } },
        { atMs: 3_574, lastsMs: 15_716, what: { is: "member crashes", member: 1 } },
      ],
    },
  },
  {
    was: "the simulation blamed a client that had been frozen for calling whom it knew",
    schedule: {
      setup: { ...SMALL, seed: 425_563, servers: 5, clients: 2, callsPerSecond: 0.2, ownIds: true, mutual: true },
      faults: [
        { atMs: 3_388, lastsMs: 2_550, what: { is: "leases are revoked" } },
        { atMs: 3_417, lastsMs: 22_364, what: { is: "process freezes", place: "server-4" } },
        { atMs: 3_506, lastsMs: 2_384, what: { is: "process is killed", place: "client-1", moves: false } },
        { atMs: 3_595, lastsMs: 7_576, what: { is: "path is flaky", a: "server-5", b: "etcd-1", ms: 30 } },
        { atMs: 3_651, lastsMs: 9_070, what: { is: "process freezes", place: "server-3" } },
      ],
    },
  },
];
