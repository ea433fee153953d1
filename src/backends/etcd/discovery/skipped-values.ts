import { quote } from "../../../address.js";
import { log } from "../../../log.js";

/** How often one service's are told at most once there are many, in milliseconds. */
const SAY_EVERY_MS = 60_000;
/** So many keys in that time are told as they come. */
const FEW = 5;
/** Keys that a line names; the others are counted. */
const NAMED = 5;

interface Skipped {
  readonly length: number;
  readonly why: string;
}

/**
 * The values of one service that cannot be read: a few are told as they come, many in one line a minute. Each key is told
 * once for as long as its reason stays the same, however many watch the service in this process. The values are not shown:
 * a password may stand there.
 */
export class SkippedValues {
  readonly #service: string;
  readonly #known = new Map<string, string>();
  readonly #untold = new Map<string, Skipped>();
  /** When the minute began that is being counted, and how many keys were told in it. */
  #since = Number.NEGATIVE_INFINITY;
  #told = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(service: string) {
    this.#service = service;
  }

  add(key: Buffer, length: number, why: string): void {
    const name = key.toString("latin1");
    if (this.#known.get(name) === why) return;
    this.#known.set(name, why);
    this.#untold.set(name, { length, why });
    const waitMs = this.#told < FEW ? 0 : Math.max(0, this.#since + SAY_EVERY_MS - performance.now());
    this.#timer ??= setTimeout(() => this.#tell(), waitMs).unref(); // all that arrive together are one line
  }

  /** The key is gone, or can be read. */
  clear(key: Buffer): void {
    if (this.#known.size === 0) return;
    const name = key.toString("latin1");
    this.#known.delete(name);
    this.#untold.delete(name);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #tell(): void {
    this.#timer = undefined;
    const { size } = this.#untold;
    if (size === 0) return;
    const now = performance.now();
    if (now >= this.#since + SAY_EVERY_MS) {
      this.#since = now;
      this.#told = 0;
    }
    this.#told += size;
    const shown = [...this.#untold].slice(0, NAMED).map(([name, { length, why }]) => {
      return `${quote(Buffer.from(name, "latin1").toString())} (${length} bytes: ${why})`;
    });
    this.#untold.clear();
    const others = size > NAMED ? ` and ${size - NAMED} more` : "";
    const values = size === 1 ? "a value that is no instance is" : "values that are no instances are";
    log.warn({ service: this.#service, skipped: size }, `in etcd, ${values} skipped: ${shown.join(", ")}${others}`);
  }
}

const shared = new Map<string, { readonly skipped: SkippedValues; users: number }>();

/** Those of a service, shared by all who watch it in this process. */
export function acquireSkippedValues(service: string): { readonly skipped: SkippedValues; release(): void } {
  const held = shared.get(service) ?? { skipped: new SkippedValues(service), users: 0 };
  shared.set(service, held);
  held.users += 1;
  return {
    skipped: held.skipped,
    release: () => {
      held.users -= 1;
      if (held.users > 0) return;
      shared.delete(service);
      held.skipped.close();
    },
  };
}
