/** A lookup has files and sockets open, and thousands of names may be followed: this stays within what a process may open. */
const AT_ONCE = 256;
/** Of one owner, so that its names do not keep out another's. */
const OF_ONE_OWNER = 64;
/** Of one owner's names that failed last time, so that they do not keep out its own that may answer. */
const FAILING_OF_ONE_OWNER = 16;
/** After so many milliseconds without an answer a lookup waits on without its place, as long as not too many do. */
const PATIENCE_MS = 1_000;
const AWAITED_WITHOUT_PLACE = 256;

export interface LookupTicket {
  /** Whose name it is, for example a service. Default: everybody who does not say. */
  readonly owner?: string | undefined;
  /** Whether the name could not be looked up last time. Default false. */
  readonly failing?: boolean | undefined;
}

interface Owner {
  running: number;
  failing: number;
  readonly waiting: (() => void)[];
  readonly waitingFailing: (() => void)[];
}

/** Gives lookups their turn: owner by owner, those that failed last time last, the silent ones making way. */
export class LookupQueue {
  readonly #owners = new Map<string, Owner>();
  #running = 0;
  #withoutPlace = 0;

  /** Runs the lookup when its turn has come. */
  async run<T>({ owner = "", failing = false }: LookupTicket, lookup: () => Promise<T>): Promise<T> {
    await this.#turn(owner, failing);
    let place = true;
    const leave = () => {
      if (place) this.#leave(owner, failing);
      place = false;
    };
    const impatience = setTimeout(() => {
      if (this.#withoutPlace >= AWAITED_WITHOUT_PLACE) return;
      this.#withoutPlace += 1;
      leave();
    }, PATIENCE_MS).unref();
    try {
      return await lookup();
    } finally {
      clearTimeout(impatience);
      if (!place) this.#withoutPlace -= 1;
      leave();
    }
  }

  #turn(name: string, failing: boolean): Promise<void> {
    let owner = this.#owners.get(name);
    if (!owner) {
      owner = { running: 0, failing: 0, waiting: [], waitingFailing: [] };
      this.#owners.set(name, owner);
    }
    const turn = new Promise<void>((resolve) => (failing ? owner.waitingFailing : owner.waiting).push(resolve));
    this.#admit();
    return turn;
  }

  #leave(name: string, failing: boolean): void {
    const owner = this.#owners.get(name)!;
    this.#running -= 1;
    owner.running -= 1;
    if (failing) owner.failing -= 1;
    if (owner.running + owner.waiting.length + owner.waitingFailing.length === 0) this.#owners.delete(name);
    this.#admit();
  }

  #admit(): void {
    while (this.#running < AT_ONCE) {
      const owner = this.#next((one) => one.waiting.length > 0);
      const other = owner ? undefined : this.#next(mayRunFailing);
      if (owner) this.#enter(owner, owner.waiting);
      else if (other) {
        other.failing += 1;
        this.#enter(other, other.waitingFailing);
      } else return;
    }
  }

  /** The one with the fewest under way. */
  #next(wants: (owner: Owner) => boolean): Owner | undefined {
    let next: Owner | undefined;
    for (const owner of this.#owners.values()) {
      if (owner.running < OF_ONE_OWNER && wants(owner) && !(next && next.running <= owner.running)) next = owner;
    }
    return next;
  }

  #enter(owner: Owner, waiting: (() => void)[]): void {
    this.#running += 1;
    owner.running += 1;
    waiting.shift()!();
  }
}

function mayRunFailing({ failing, waitingFailing }: Owner): boolean {
  return waitingFailing.length > 0 && failing < FAILING_OF_ONE_OWNER;
}
