/** Of so many instances half may be set aside, whatever the reasons: with fewer left the rest would not carry the load. */
export const MOST_SET_ASIDE = 0.5;

/**
 * How many of a service's instances may be set aside by their health, by failure and by pushback together. Beyond that such signals
 * are ignored: what keeps calls away from everybody says little of anybody (Envoy's panic threshold and the maximum ejection
 * percentage of gRFC A50 as one rule).
 * @param share 0 to 1. Default a half.
 */
export function mostSetAside(instances: number, share = MOST_SET_ASIDE): number {
  return Math.floor(instances * share);
}

/** Who has said to be full, and until when. Times are the pool's. */
export class Full<M> {
  readonly #until = new Map<M, number>();
  /** When the next of them is free again. */
  earliest = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#until.size;
  }

  /** In the order in which they said so. */
  members(): Iterable<M> {
    return this.#until.keys();
  }

  has(member: M): boolean {
    return this.#until.has(member);
  }

  /** A word that is over earlier than one heard before changes nothing. */
  add(member: M, until: number): void {
    this.#until.set(member, Math.max(until, this.#until.get(member) ?? until));
    this.#findEarliest();
  }

  /** Forgets those whose time is over, and those that are not wanted. */
  keep(now: number, wanted: (member: M) => boolean = () => true): void {
    for (const [member, until] of this.#until) if (until <= now || !wanted(member)) this.#until.delete(member);
    this.#findEarliest();
  }

  #findEarliest(): void {
    this.earliest = Number.POSITIVE_INFINITY;
    for (const until of this.#until.values()) this.earliest = Math.min(this.earliest, until);
  }
}
