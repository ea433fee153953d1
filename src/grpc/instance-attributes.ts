import type { ChannelOptions } from "@grpc/grpc-js";
import type { ResolvedInstance } from "../discovery/resolved-instance.js";
import type { ChannelStatus } from "../discovery/status.js";
import { PRIVATE_OPTION } from "./shield/experimental.js";

const INSTANCES_OPTION = `${PRIVATE_OPTION}instances`;

/** What Rollcall's resolver hands Rollcall's policy; other policies get the bare endpoints. */
export interface InstanceAttributes {
  readonly instances: readonly ResolvedInstance[];
  readonly status: ChannelStatus;
}

export function withInstances(attributes: InstanceAttributes): Record<string, unknown> {
  return { [INSTANCES_OPTION]: attributes };
}

/** Undefined when another resolver than Rollcall's found the endpoints. */
export function instancesOf(options: ChannelOptions): InstanceAttributes | undefined {
  return options[INSTANCES_OPTION] as InstanceAttributes | undefined;
}
