import type { ChannelOptions } from "@grpc/grpc-js";
import type { ResolvedInstance } from "../discovery/resolved-instance.js";
import type { ChannelStatus } from "../discovery/status.js";
import type { Instance } from "../instance.js";
import { type Endpoint, endpointText, PRIVATE_OPTION } from "./shield.js";

const INSTANCES_OPTION = `${PRIVATE_OPTION}instances`;

/** What Rollcall's resolver hands Rollcall's policy beside grpc-js' bare endpoints. */
interface Resolved {
  readonly instances: readonly ResolvedInstance[];
  readonly status: ChannelStatus;
}

/** What the policy is told of one instance. */
export interface ListedInstance {
  readonly instance: Instance;
  readonly endpoint: Endpoint;
}

export function instanceAttributes(resolved: Resolved): Record<string, unknown> {
  return { [INSTANCES_OPTION]: resolved };
}

/** The instance's addresses as grpc-js takes them. */
export function endpointOf({ addresses }: ResolvedInstance): Endpoint {
  return { addresses: addresses.map(({ host, port }) => ({ host, port })) };
}

/** The instances that were resolved; of another resolver than Rollcall's nothing is known but the endpoints. */
export function listedInstances(endpoints: readonly Endpoint[], options: ChannelOptions): ListedInstance[] {
  const resolved = resolvedOf(options);
  if (!resolved) return endpoints.map((endpoint) => ({ instance: { address: endpointText(endpoint) }, endpoint }));
  return resolved.instances.map((one) => ({ instance: one.instance, endpoint: endpointOf(one) }));
}

/** Undefined when another resolver than Rollcall's found the endpoints. */
export function channelStatusOf(options: ChannelOptions): ChannelStatus | undefined {
  return resolvedOf(options)?.status;
}

function resolvedOf(options: ChannelOptions): Resolved | undefined {
  return options[INSTANCES_OPTION] as Resolved | undefined;
}
