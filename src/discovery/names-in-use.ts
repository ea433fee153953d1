import { FollowedHost } from "../host-names/followed-host.js";
import { systemLookup } from "../host-names/system-lookup.js";
import type { FollowNamesOptions } from "./follow-names.js";

/** A host name that instances of a set have. */
export interface Name {
  /** Whether its first lookup has ended, in whatever way. */
  readonly tried: boolean;
  /** The last addresses it had, as of update(); undefined where it never had any. */
  readonly lastKnown: readonly string[] | undefined;
}

/** So many reasons are told. How many names there are is not: it changes, and calls quote this in their errors. */
const REASONS_TOLD = 3;

/** The host names that a set of instances uses, each followed once, however many instances have it. */
export class NamesInUse {
  readonly #options: Omit<FollowNamesOptions, "signal" | "sourceOf">;
  readonly #onChange: () => void;
  readonly #names = new Map<string, UsedName>();
  #trouble: string | undefined;
  #lastKnownCounts = false;

  constructor(options: Omit<FollowNamesOptions, "signal" | "sourceOf">, onChange: () => void) {
    const { lookup = systemLookup() } = options;
    this.#options = { ...options, lookup };
    this.#onChange = onChange;
  }

  get(host: string): Name {
    const known = this.#names.get(host);
    if (known) return known;
    const { lookup, pace, timing, owner } = this.#options;
    const name = new UsedName(
      new FollowedHost(host, { lookup: lookup!, pace, timing, owner, onChange: this.#onChange }),
    );
    this.#names.set(host, name);
    return name;
  }

  /** The other names are not followed any more. */
  keepOnly(names: Iterable<Name | undefined>): void {
    if (this.#names.size === 0) return;
    const used = new Set(names);
    for (const [host, name] of this.#names) {
      if (used.has(name)) continue;
      name.followed.close();
      this.#names.delete(host);
    }
  }

  refresh(): void {
    for (const { followed } of this.#names.values()) followed.refresh();
  }

  /** From now on the addresses of an earlier time stand for a name before its first lookup has ended, too. */
  useLastKnown(): void {
    this.#lastKnownCounts = true;
  }

  /** Takes what DNS has said since, and reports what it has not. */
  update(): void {
    for (const [host, name] of this.#names) {
      const { addresses, tried } = name.followed;
      if (addresses?.length) name.lastKnown = addresses;
      else if (tried || this.#lastKnownCounts) name.lastKnown ??= this.#options.lastKnown?.(host);
    }
    this.#reportTrouble();
  }

  close(): void {
    for (const { followed } of this.#names.values()) followed.close();
    this.#names.clear();
  }

  #reportTrouble(): void {
    const trouble = this.#troubleInWords();
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.#options.onTrouble?.(trouble === undefined ? undefined : new Error(trouble));
  }

  #troubleInWords(): string | undefined {
    const reasons = [...this.#names.values()].flatMap(({ followed }) => followed.trouble?.message ?? []);
    if (reasons.length === 0) return undefined;
    const told = reasons.slice(0, REASONS_TOLD).join("; ");
    const others = reasons.length > REASONS_TOLD ? "; and others" : "";
    return `host names cannot be resolved: ${told}${others}`;
  }
}

class UsedName implements Name {
  readonly followed: FollowedHost;
  lastKnown: readonly string[] | undefined;

  constructor(followed: FollowedHost) {
    this.followed = followed;
  }

  get tried(): boolean {
    return this.followed.tried;
  }
}
