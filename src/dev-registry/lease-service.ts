import type { LeaseServer } from "../proto/etcd-services.js";
import { admitted, unary } from "./calls.js";
import type { Admission } from "./faults/admission.js";
import type { Identity } from "./identity.js";
import { toBytes } from "./key-range.js";
import type { Leases } from "./leases.js";
import type { Store } from "./store.js";

export function leaseService(admission: Admission, identity: Identity, store: Store, leases: Leases): LeaseServer {
  const header = () => identity.header(store.revision);
  return {
    leaseGrant: unary(admission, "LeaseGrant", (request) => {
      const { id, ttl } = leases.grant(request.ID, request.TTL);
      return { header: header(), ID: id, TTL: ttl, error: "" };
    }),
    leaseRevoke: unary(admission, "LeaseRevoke", ({ ID }) => {
      leases.revoke(ID);
      return { header: header() };
    }),
    leaseTimeToLive: unary(admission, "LeaseTimeToLive", ({ ID, keys }) => {
      const lease = leases.timeToLive(ID) ?? { ttl: -1n, grantedTtl: 0n, keys: [] };
      const attached = keys ? lease.keys.map(toBytes) : [];
      return { header: header(), ID, TTL: lease.ttl, grantedTTL: lease.grantedTtl, keys: attached };
    }),
    leaseLeases: unary(admission, "LeaseLeases", () => ({
      header: header(),
      leases: leases.list().map((ID) => ({ ID })),
    })),
    leaseKeepAlive: (call) => {
      if (!admitted(admission, "LeaseKeepAlive", call)) return;
      call.on("data", ({ ID }) => call.write({ header: header(), ID, TTL: leases.keepAlive(ID) }));
      call.on("end", () => call.end());
    },
  };
}
