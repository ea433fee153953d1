import type { Instance } from "../instance.js";
import { log } from "../log.js";
import type { Target } from "../registry.js";
import { type Advertised, isLoopbackAbroad } from "./advertise.js";

/** What a server that listens is registered as. */
export interface Bound {
  readonly instance: Instance;
  /** Where the address comes from; without it the address is the caller's, and stays. */
  readonly advertised?: Advertised;
}

/** Says what about the address may not be what was meant. */
export function sayWhatIsDoubtful({ instance: { address }, advertised }: Bound, { hosts }: Target): void {
  if (advertised && advertised.others.length > 0) {
    const { others } = advertised;
    log.info(
      { instance: address, others },
      `registering ${address}; this machine has ${others.join(", ")} besides: set Advertise (an address, an interface or a CIDR) if clients reach it there`,
    );
  }
  if (isLoopbackAbroad(address, hosts)) {
    log.warn(
      { instance: address, registry: hosts },
      "a loopback address is registered where others read it: set Advertise, or ListenOn to an address they can reach",
    );
  }
}
