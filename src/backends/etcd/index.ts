import { etcdSettings } from "../../etcd-client/settings.js";
import type { Backend } from "../../registry.js";
import { EtcdDiscovery } from "./discovery.js";
import { EtcdRegistrar } from "./registrar.js";

export { EtcdError } from "../../etcd-client/errors.js";
export { type EtcdSettings, etcdSettings } from "../../etcd-client/settings.js";
export { EtcdDiscovery } from "./discovery.js";
export { type Listing, type ListOptions, listRegistrations, type Registered } from "./listing.js";
export { type PausedOrResumed, pauseInstance, resumeInstance } from "./pausing.js";
export { EtcdRegistrar } from "./registrar.js";
export { type Written, writeProblem } from "./write-check.js";

/** The schemes `etcd` and `discov`: instances listed in etcd, in go-zero's layout. */
export const etcdBackend: Backend = {
  logsRegistrations: true,
  discovery: (target) => new EtcdDiscovery(etcdSettings(target)),
  registrar: (target) => new EtcdRegistrar(etcdSettings(target)),
};
