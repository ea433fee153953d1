import type { Backend } from "../../registry.js";
import { EtcdDiscovery } from "./discovery/etcd-discovery.js";
import { EtcdRegistrar } from "./registration/etcd-registrar.js";
import { etcdSettings } from "./settings.js";

export { EtcdError } from "../../etcd-client/errors.js";
export { EtcdDiscovery } from "./discovery/etcd-discovery.js";
export { PRESENCES } from "./layout/keys.js";
export type { EtcdLayout } from "./layout/layout.js";
export { watchForChanges } from "./operator/changes.js";
export {
  type Duplicate,
  type Listing,
  type ListOptions,
  listRegistrations,
  type Registered,
} from "./operator/listing.js";
export { type PausedOrResumed, pauseInstance, resumeInstance } from "./operator/pausing.js";
export { listPresences, type Present } from "./operator/presences.js";
export { type Written, writeProblem } from "./operator/write-check.js";
export { announceCalls } from "./presence/announcement.js";
export type { ClientPresence, ProcessFacts, ServedInstance } from "./presence/client-presence.js";
export { EtcdRegistrar } from "./registration/etcd-registrar.js";
export { type EtcdSettings, etcdSettings } from "./settings.js";

/** The schemes `etcd` and `discov`: instances listed in etcd, in go-zero's layout. */
export const etcdBackend: Backend = {
  logsRegistrations: true,
  discovery: (target) => new EtcdDiscovery(etcdSettings(target)),
  registrar: (target) => new EtcdRegistrar(etcdSettings(target)),
};
