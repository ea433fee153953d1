import { networkInterfaces } from "node:os";
import { formatAddress } from "../address.js";
import { log } from "../log.js";
import type { Advertised } from "./advertise.js";
import { type Placed, place, whereabouts } from "./moved-address.js";
import { describe, type Interfaces, visibleInterfaces } from "./own-addresses.js";

/** How often the machine's addresses are looked at, in milliseconds; it takes a tenth of a millisecond. */
const LOOK_EVERY_MS = 5_000;

export interface AddressWatchOptions {
  /** Default 5,000 ms. */
  readonly everyMs?: number;
  /** Default those of this machine. */
  readonly interfaces?: () => Interfaces;
}

/**
 * Notices when the machine loses the address that a server is registered under, and says which to register instead. Where a
 * setting names the lost address, it warns once.
 */
export class AddressWatch {
  readonly #onMoved: (address: string) => void;
  readonly #interfaces: () => Interfaces;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  #placed: Placed;
  /** What the machine would have instead, if it is still so at the next look. */
  #substitute: string | undefined;
  #warned = false;

  constructor(advertised: Advertised, onMoved: (address: string) => void, options: AddressWatchOptions = {}) {
    this.#onMoved = onMoved;
    this.#interfaces = options.interfaces ?? networkInterfaces;
    this.#placed = place(advertised, visibleInterfaces(this.#interfaces));
    this.#everyMs = options.everyMs ?? LOOK_EVERY_MS;
  }

  /** Looks now, and now and then until closed. */
  open(): void {
    this.close();
    this.#timer = setInterval(() => this.#compare(true), this.#everyMs);
    this.#timer.unref();
    this.look();
  }

  /** Looks now: the registry has lost the server, which may be why. */
  look(): void {
    this.#compare(false);
  }

  /** @param settles whether a substitute that was there at the last look is taken now. */
  #compare(settles: boolean): void {
    try {
      const interfaces = this.#interfaces();
      const found = whereabouts(this.#placed, interfaces);
      const substitute = found.is === "astray" ? found.host : undefined;
      const settled = settles && substitute !== undefined && substitute === this.#substitute;
      if (settles) this.#substitute = substitute;
      if (found.is === "moved" || (found.is === "astray" && settled)) this.#move(found.host, interfaces);
      else if (found.is === "gone") this.#warn(interfaces);
      else if (found.is === "here") this.#warned = false;
    } catch (error) {
      // In a sandbox, or for the moment: none is not the same as not to be seen.
      log.debug({ err: error }, "the machine's addresses cannot be read");
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #move(host: string, interfaces: Interfaces): void {
    const { advertised, home } = this.#placed;
    const address = formatAddress({ host, port: advertised.port });
    const old = formatAddress(advertised);
    log.warn(
      { instance: old, addresses: describe(interfaces) },
      `this machine no longer has the address of ${old}: registering ${address} instead`,
    );
    this.#placed = { advertised: { ...advertised, host }, home };
    this.#warned = false;
    this.#onMoved(address);
  }

  #warn(interfaces: Interfaces): void {
    if (this.#warned) return;
    this.#warned = true;
    const { advertised } = this.#placed;
    const address = formatAddress(advertised);
    const why = advertised.namedBy
      ? `${advertised.namedBy} names it, so it stays registered; correct that and restart, or set Advertise to an interface or a CIDR`
      : "it stays registered until there is another that clients can reach";
    log.warn(
      { instance: address, addresses: describe(interfaces) },
      `this machine no longer has the address of ${address}, which is registered: ${why}`,
    );
  }
}
