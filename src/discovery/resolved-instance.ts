import type { HostPort } from "../address.js";
import type { Instance } from "../instance.js";

/** An instance and where it is: one address if its host is one, else those of its host name; sorted, never none. */
export interface ResolvedInstance {
  readonly instance: Instance;
  /** Hosts are IP addresses. */
  readonly addresses: readonly HostPort[];
  /** Read from a snapshot, and not listed by the registry since: who answers there must be asked first. Default false. */
  readonly unconfirmed?: boolean | undefined;
}
