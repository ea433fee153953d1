import type { Timing } from "../async/timing.js";
import { log } from "../log.js";

/** Where instances begin and cease to serve in turns, that is said so seldom, in milliseconds. */
const PANIC_EVERY_MS = 60_000;

interface Panic {
  readonly instances: number;
  readonly serving: number;
}

/** Says that instances are called whatever they say of themselves, and that enough serve again; seldom, where the two take turns. */
export class PanicAnnouncement {
  readonly #service: () => string;
  readonly #timing: Timing;
  #panic: Panic | undefined;
  /** Whether the last that was said is that there is panic, and when that was said. */
  #told = false;
  #toldAt = Number.NEGATIVE_INFINITY;
  #stopWait: (() => void) | undefined;

  constructor(service: () => string, timing: Timing) {
    this.#service = service;
    this.#timing = timing;
  }

  close(): void {
    this.#stopWait?.();
  }

  /**
   * @param instances how many are called whatever they say of themselves; 0 when enough serve again.
   * @param serving how many of them say that they serve.
   */
  update(instances: number, serving: number): void {
    if ((this.#panic !== undefined) === instances > 0) return;
    this.#panic = instances > 0 ? { instances, serving } : undefined;
    this.#stopWait?.();
    this.#stopWait = undefined;
    const wait = this.#toldAt + PANIC_EVERY_MS - this.#timing.now();
    if (!this.#panic) this.#tellEnd();
    else if (wait <= 0) this.#tell(this.#panic);
    else this.#stopWait = this.#timing.after(wait, () => this.#panic && this.#tell(this.#panic));
  }

  #tell({ instances, serving }: Panic): void {
    this.#told = true;
    this.#toldAt = this.#timing.now();
    const service = this.#service();
    const name = JSON.stringify(service);
    if (serving > 0) {
      log.warn(
        { service, instances, serving },
        `only ${serving} of ${instances} instances of ${name} say that they serve, too few to carry the load of ` +
          "all: those that are connected are called all the same",
      );
    } else {
      log.warn(
        { service, instances },
        `no instance of ${name} says that it serves: those that are connected are called all the same`,
      );
    }
  }

  #tellEnd(): void {
    if (!this.#told) return;
    this.#told = false;
    log.info({ service: this.#service() }, "instances serve again: only those are called");
  }
}
