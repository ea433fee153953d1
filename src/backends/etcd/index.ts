import type { Backend } from "../../registry.js";
import { EtcdDiscovery } from "./discovery.js";
import { EtcdRegistrar } from "./registrar.js";
import { etcdSettings } from "./settings.js";

export { EtcdError } from "../../etcd-client/errors.js";
export { EtcdDiscovery } from "./discovery.js";
export { type Listing, type ListOptions, listRegistrations, type Registered } from "./listing.js";
export { type PausedOrResumed, pauseInstance, resumeInstance } from "./pausing.js";
export { EtcdRegistrar } from "./registrar.js";
export { type EtcdSettings, etcdSettings } from "./settings.js";

/** The schemes `etcd` and `discov`: instances listed in etcd, in go-zero's layout. */
export const etcdBackend: Backend = {
  discovery: (target) => new EtcdDiscovery(etcdSettings(target)),
  registrar: (target) => new EtcdRegistrar(etcdSettings(target)),
};
