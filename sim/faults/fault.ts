/** The world a schedule begins with. */
export interface Setup {
  /** Decides what the schedule itself does not: delays, jitter, picks, times of calls. */
  readonly seed: number;
  readonly members: 1 | 3;
  readonly authenticated: boolean;
  readonly servers: number;
  readonly clients: number;
  /** Time to live of registrations, in seconds. */
  readonly ttlSeconds: number;
  /** Longest delay of a message, in milliseconds. */
  readonly slowestMs: number;
  /** Of each client, on average. */
  readonly callsPerSecond: number;
  /** Servers have an id of their own (Etcd.ID) instead of their lease's, the same after a restart. */
  readonly ownIds: boolean;
  /** Servers have attributes, which stand under a second key. */
  readonly attributes: boolean;
  /** Servers call each other, over the connection to etcd that registers them. */
  readonly mutual: boolean;
}

/** What goes wrong. Servers, clients and members are named by their places, which their processes may leave and take again. */
export type Kind =
  /** A member stops without a word, and comes back with its data. */
  | { readonly is: "member crashes"; readonly member: number }
  | { readonly is: "member freezes"; readonly member: number }
  /** It answers this much later, in milliseconds. */
  | { readonly is: "member is slow"; readonly member: number; readonly ms: number }
  /** It hears no other member. */
  | { readonly is: "member is cut off"; readonly member: number }
  | { readonly is: "watches are silent"; readonly member: number }
  | { readonly is: "history is compacted" }
  /** Again and again. */
  | { readonly is: "history is short" }
  | { readonly is: "data is lost" }
  /** Instances that nobody answers for come and go, listed by another tool, without leases. */
  | { readonly is: "strangers are listed"; readonly everyMs: number }
  /** A value stands among the instances that is none. */
  | { readonly is: "nonsense is listed" }
  /** A backup is restored that is so many revisions old. */
  | { readonly is: "backup is restored"; readonly revisions: number }
  | { readonly is: "leases are revoked" }
  | { readonly is: "tokens expire" }
  /** Nothing passes between two places, and no connection is closed. */
  | { readonly is: "path is silent"; readonly a: string; readonly b: string }
  | { readonly is: "path is slow"; readonly a: string; readonly b: string; readonly ms: number }
  /** Connections last for as long as this, in milliseconds. */
  | { readonly is: "path is flaky"; readonly a: string; readonly b: string; readonly ms: number }
  | { readonly is: "connections are reset"; readonly a: string; readonly b: string }
  | { readonly is: "connections are forgotten"; readonly a: string; readonly b: string }
  /** Only `a` learns that its connections to `b` are over. */
  | { readonly is: "connections are half closed"; readonly a: string; readonly b: string }
  | { readonly is: "process freezes"; readonly place: string }
  /** It is killed; another process takes its place when the fault is over, at the same address or at another. */
  | { readonly is: "process is killed"; readonly place: string; readonly moves: boolean }
  | { readonly is: "server is restarted"; readonly place: string; readonly moves: boolean }
  | { readonly is: "clock jumps"; readonly place: string; readonly ms: number }
  /** It says that it does not serve, and stays listed. */
  | { readonly is: "server is unwilling"; readonly place: string }
  /** Its program takes it out of rotation. */
  | { readonly is: "server rests"; readonly place: string }
  | { readonly is: "operator deletes its key"; readonly place: string }
  | { readonly is: "operator deletes its attributes"; readonly place: string }
  /** An operator takes it out, and lists it again when the fault is over. */
  | { readonly is: "operator pauses it"; readonly place: string };

export interface Fault {
  /** When it begins, and how long it lasts, in virtual milliseconds. */
  readonly atMs: number;
  readonly lastsMs: number;
  readonly what: Kind;
}

/** Everything that is decided before a run. */
export interface Schedule {
  readonly setup: Setup;
  readonly faults: readonly Fault[];
}

export function describeFault({ atMs, lastsMs, what }: Fault): string {
  const { is, ...facts } = what;
  const named = Object.entries(facts).map(([name, value]) => `${name} ${value}`);
  return `${(atMs / 1_000).toFixed(2)} s: ${is}${named.length > 0 ? ` (${named.join(", ")})` : ""}, for ${(lastsMs / 1_000).toFixed(2)} s`;
}
