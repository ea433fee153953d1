import { parseAddress } from "../../address.js";
import { holdUnless } from "../../async/hold.js";
import { Latest } from "../../async/latest.js";
import type { Instance } from "../../instance.js";
import type { Backend, Discovery } from "../../registry.js";

/** `direct:///a:1,b:2`: the target's hosts are the instances, each of them once. Host names are left as names. */
export const staticBackend: Backend = {
  discovery: ({ hosts }) => staticDiscovery(hosts),
};

/**
 * Lists the same instances for ever: yields them once and ends on abort.
 * @throws TypeError when there is no address, or one that is none.
 */
export function staticDiscovery(addresses: readonly string[]): Discovery {
  if (addresses.length === 0)
    throw new TypeError("there is no endpoint; expected host:port, for example 10.0.0.1:8080");
  for (const address of addresses) parseAddress(address);
  const instances: readonly Instance[] = [...new Set(addresses)].map((address) => ({ address }));
  return {
    async *watch(_service, { signal, background }) {
      const latest = new Latest<readonly Instance[]>(signal);
      latest.set(instances);
      const letGo = holdUnless(background);
      try {
        yield* latest;
      } finally {
        letGo();
      }
    },
  };
}
