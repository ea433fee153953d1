import type { AuthServer, ClusterServer, MaintenanceServer } from "../proto/etcd-services.js";
import { unary } from "./calls.js";
import type { Admission } from "./faults/admission.js";
import type { Identity } from "./identity.js";
import type { Store } from "./store.js";

/** The etcd release whose answers these are; tools read it as a semantic version and ignore what follows the plus. */
const VERSION = "3.5.21+dev-registry";

/** What clients and etcdctl ask about the cluster itself: it is one node, always leader and healthy. */
export function clusterService(admission: Admission, identity: Identity, clientUrl: () => string): ClusterServer {
  return {
    memberList: unary(admission, "MemberList", () => {
      const urls = { peerURLs: [], clientURLs: [clientUrl()] };
      const member = { ID: identity.memberId, name: "dev-registry", ...urls, isLearner: false };
      return { header: identity.header(0n), members: [member] };
    }),
  };
}

export function maintenanceService(admission: Admission, identity: Identity, store: Store): MaintenanceServer {
  return {
    alarm: unary(admission, "Alarm", () => ({ header: identity.header(store.revision) })),
    status: unary(admission, "Status", () => {
      const size = BigInt(store.size);
      return {
        header: identity.header(store.revision),
        version: VERSION,
        dbSize: size,
        dbSizeInUse: size,
        leader: identity.memberId,
        raftIndex: store.revision,
        raftAppliedIndex: store.revision,
        raftTerm: identity.term,
        errors: [],
        isLearner: false,
      };
    }),
  };
}

export function authService(admission: Admission, identity: Identity, store: Store): AuthServer {
  return {
    authenticate: unary(admission, "Authenticate", ({ name, password }) => {
      const token = admission.access.login(name, password);
      return { header: identity.header(store.revision), token };
    }),
  };
}
