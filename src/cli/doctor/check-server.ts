import { isWildcardHost } from "../../address.js";
import { parseListenAddress } from "../../config/schema/listen-address.js";
import type { RpcServerConfig } from "../../config/schema/rpc-server-config.js";
import { advertisedAddress, isLoopbackAbroad } from "../../lifecycle/advertise.js";
import { type Check, failed, ok } from "./check.js";

/** Whether the address that would be registered makes sense. */
export function checkAdvertised({ ListenOn, Advertise, Etcd }: RpcServerConfig, where: string): Check[] {
  if (!Etcd) return [ok(where, "is not registered anywhere (it has no Etcd)")];
  const { host, port } = parseListenAddress(ListenOn);
  let address: string;
  try {
    address = advertisedAddress({
      listenHost: isWildcardHost(host) ? "" : host,
      boundPort: port || 1,
      advertise: Advertise,
    });
  } catch (error) {
    return [failed(where, (error as Error).message, "correct Advertise")];
  }
  // Port 1 stands for the one that is chosen at the start.
  const shown = port === 0 && !Advertise?.includes(":") ? address.replace(/:1$/, ":(a free port)") : address;
  if (isLoopbackAbroad(address, Etcd.Hosts)) {
    const message = `would be registered as ${shown}, which only this machine can reach, in a registry on another`;
    return [failed(where, message, "set Advertise to an address, an interface or a CIDR that clients can reach")];
  }
  return [ok(where, `would be registered as ${shown}`)];
}
