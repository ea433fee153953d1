import { isIP } from "node:net";
import type { Advertised } from "./advertise.js";
import { type Interfaces, type OwnAddress, ownAddresses, preferred } from "./own-addresses.js";

/** An address that is registered, and where it was on the machine when it was chosen. */
export interface Placed {
  readonly advertised: Advertised;
  /** The interface that had it first; undefined for one that was never the machine's own (a name, a load balancer's). */
  readonly home: string | undefined;
}

/** What has become of it. */
export type Whereabouts =
  | { readonly is: "here" }
  /** Its interface has another address now. */
  | { readonly is: "moved"; readonly host: string }
  /** Its interface has none; this is what the machine has besides. It may be back in a moment. */
  | { readonly is: "astray"; readonly host: string }
  /** The machine has lost it and has no other, or a setting names it, so that no other may be taken. */
  | { readonly is: "gone" };

export function place(advertised: Advertised, interfaces: Interfaces): Placed {
  return { advertised, home: find(advertised.host, ownAddresses(interfaces))?.interface };
}

/**
 * Compares with the machine's addresses of now. The interface that had the address first is kept to: one that loses its
 * address for a moment must not send a server to a bridge's address for good.
 */
export function whereabouts({ advertised, home }: Placed, interfaces: Interfaces): Whereabouts {
  const { host, candidates } = advertised;
  const now = ownAddresses(interfaces);
  if (home === undefined) return { is: "here" };
  const current = find(host, now);
  if (!candidates) return { is: current ? "here" : "gone" };
  const choice = candidates(interfaces).filter(({ local }) => !local);
  const atHome = choice.filter((own) => own.interface === home);
  // One that only this machine can reach was chosen for want of another.
  const makeshift = current?.local === true && choice.length > 0;
  if (current && !makeshift && (current.interface === home || atHome.length === 0)) return { is: "here" };
  const successor = preferred(atHome);
  if (successor) return { is: "moved", host: successor.address };
  const substitute = preferred(choice);
  return substitute ? { is: "astray", host: substitute.address } : { is: "gone" };
}

function find(host: string, addresses: readonly OwnAddress[]): OwnAddress | undefined {
  return isIP(host) === 0 ? undefined : addresses.find(({ address }) => address === host);
}
