import { Latest } from "../async/latest.js";
import { registerBackend } from "../backends/table.js";
import { RememberedSets } from "../discovery/last-known.js";
import { TargetDiscovery, type TargetDiscoveryOptions } from "../discovery/target-discovery.js";
import type { Instance } from "../instance.js";
import type { Target, WatchOptions } from "../registry.js";

/** A registry under the test's hand, as a backend. */
export class WatchedRegistry {
  readonly watches: { service: string; options: WatchOptions; sets: Latest<readonly Instance[]> }[] = [];
  refreshed = 0;
  opened = 0;

  constructor(scheme: string) {
    registerBackend(scheme, {
      discovery: () => {
        this.opened += 1;
        return {
          watch: (service, options) => {
            const sets = new Latest<readonly Instance[]>(options.signal);
            this.watches.push({ service, options, sets });
            return sets;
          },
          refresh: () => {
            this.refreshed += 1;
          },
        };
      },
    });
  }

  /** The watch that was begun last, once there is one more than before. */
  async watched(count = 1) {
    while (this.watches.length < count) await new Promise(setImmediate);
    return this.watches.at(-1)!;
  }
}

/** News that has not come by then never will: no test waits for that long. */
const LIMIT_MS = 60_000;

/** A discovery, and what it has told; `next` resolves at the next news. */
export function discover(target: Target, options: Partial<TargetDiscoveryOptions> = {}) {
  const told: (string[] | string)[] = [];
  let wake = () => {};
  const tell = (news: string[] | string) => {
    told.push(news);
    wake();
  };
  const discovery = new TargetDiscovery(target, {
    onSet: (set) =>
      tell(set.map(({ instance, unconfirmed }) => instance.address + (unconfirmed ? " unconfirmed" : ""))),
    onFailure: (error) => tell(error.message),
    lastKnown: new RememberedSets(),
    ...options,
  });
  const next = async () => {
    if (told.length === 0) {
      await new Promise<void>((resolve, reject) => {
        // A discovery keeps no process alive; this does.
        const late = setTimeout(() => reject(new Error(`nothing was told for ${LIMIT_MS / 1_000} s`)), LIMIT_MS);
        wake = () => {
          clearTimeout(late);
          resolve();
        };
      });
    }
    return told.shift();
  };
  return { discovery, next, told };
}

export const lists = (...addresses: string[]) => addresses.map((address) => ({ address }));
