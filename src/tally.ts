/** So many names are told apart by each count; further ones are `other`, so that metrics stay bounded whatever is called. */
const MOST_NAMES = 1_000;

/** How often something has happened in this process, for metrics: counted where it happens, read when somebody looks. */
export class Tally {
  readonly #counts = new Map<string, number>();

  /** By what it happened to. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  count(of: string, times = 1): void {
    const name = this.#counts.has(of) || this.#counts.size < MOST_NAMES ? of : "other";
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + times);
  }
}

/** Attempts of channels that are closed by now, by service. */
export const closedChannels = { calls: new Tally(), failures: new Tally() };
/** Leases that keep this process's instances listed, by backend. */
export const leases = { granted: new Tally(), renewed: new Tally(), lost: new Tally() };
/** Instances of this process, by service: entered into the registry, and out of it though nobody asked for that. */
export const registrations = { listed: new Tally(), lost: new Tally() };
/** Connections to instances, by service: made, that could not be made, that ended, and that were found dead. */
export const connections = { opened: new Tally(), failed: new Tally(), lost: new Tally(), dead: new Tally() };
/** Instances that are connected and get no calls any more because they say that they do not serve, by service. */
export const ejections = new Tally();
/** Calls that a server refused because it was full, and calls not sent because all were, by service. */
export const full = { pushbacks: new Tally(), unsent: new Tally() };
/** Calls that the servers of this process answered without their handlers, by reason. */
export const refusals = new Tally();
