/**
 * How many of a service's instances may be set aside by their health, by failures and by pushback together. Beyond that such
 * signals are ignored: what keeps calls away from everybody says little of anybody, and too few would carry the load of all
 * (Envoy's panic threshold and the maximum ejection percentage of gRFC A50 as one rule).
 * @param share 0 to 1.
 */
export function mostSetAside(instances: number, share: number): number {
  return Math.floor(instances * share + 1e-9);
}

/** Which of the instances that can be called are set aside because they said that they are full. */
export class SetAside<K> {
  #members: readonly K[] = [];
  #most = 0;
  /** Who has said to be full, and until when, in the order in which they said so. */
  readonly #until = new Map<K, number>();
  /** When the first of them is free again. */
  #earliest = Number.POSITIVE_INFINITY;

  /** How many have said that they are full, and not taken it back; 0 is the usual case. */
  get full(): number {
    return this.#until.size;
  }

  /** How many get no calls. */
  get count(): number {
    return Math.min(this.#until.size, this.#most);
  }

  /** How many more may be set aside. */
  get left(): number {
    return this.#most - this.count;
  }

  /**
   * Makes these the instances that can be called; one of them always is.
   * @param elsewhere further instances, set aside by their health already.
   * @param share of all of them that may be set aside, 0 to 1.
   */
  set(members: readonly K[], elsewhere: number, share: number): void {
    this.#members = members;
    const most = mostSetAside(members.length + elsewhere, share) - elsewhere;
    this.#most = Math.max(0, Math.min(most, members.length - 1));
    const known = new Set(members);
    for (const member of this.#until.keys()) if (!known.has(member)) this.#until.delete(member);
    this.#findEarliest();
  }

  /** The instance is full until then; what is over earlier than was heard before changes nothing. */
  add(member: K, until: number): void {
    if (!this.#members.includes(member) || !(until > Number.NEGATIVE_INFINITY)) return;
    this.#until.set(member, Math.max(until, this.#until.get(member) ?? until));
    this.#findEarliest();
  }

  /** Forgets those whose time is over. @returns whether there were any. */
  expire(now: number): boolean {
    if (now < this.#earliest) return false;
    for (const [member, until] of this.#until) if (until <= now) this.#until.delete(member);
    this.#findEarliest();
    return true;
  }

  /**
   * Whether it said that it is full and is called all the same, while of those that are called at least as many have room. What it
   * refuses is a failure then: else it would seem idle and quick, and get the calls of those that work.
   */
  ignores(member: K): boolean {
    const haveRoom = this.#members.length - this.full;
    return haveRoom > 0 && haveRoom >= this.full - this.count && this.#until.has(member) && !this.has(member);
  }

  /** Whether it gets no calls. */
  has(member: K): boolean {
    return this.#until.has(member) && this.aside().includes(member);
  }

  /** Those that get no calls: the first that said so, as many as may be. */
  aside(): K[] {
    return [...this.#until.keys()].slice(0, this.#most);
  }

  /** Those that get calls. */
  called(): readonly K[] {
    if (this.count === 0) return this.#members;
    const aside = new Set(this.aside());
    return this.#members.filter((member) => !aside.has(member));
  }

  /** In how many milliseconds the first of them has room again, where all are full; 0 where one is not. */
  allFullForMs(now: number): number {
    if (this.#until.size === 0 || this.#until.size < this.#members.length) return 0;
    return Math.max(0, this.#earliest - now);
  }

  #findEarliest(): void {
    this.#earliest = Number.POSITIVE_INFINITY;
    for (const until of this.#until.values()) this.#earliest = Math.min(this.#earliest, until);
  }
}
