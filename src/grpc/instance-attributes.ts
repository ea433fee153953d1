import type { ChannelOptions } from "@grpc/grpc-js";
import type { Knowledge } from "../discovery/status.js";
import type { Instance } from "../instance.js";
import { PRIVATE_OPTION } from "./shield.js";

const FLEET_OPTION = `${PRIVATE_OPTION}fleet`;

/** What Rollcall's resolver hands Rollcall's policy beside the bare endpoints. */
export interface Fleet {
  /** In the order of the endpoints. */
  readonly instances: readonly Instance[];
  readonly knowledge: Knowledge;
}

export function fleetAttributes(fleet: Fleet): Record<string, unknown> {
  return { [FLEET_OPTION]: fleet };
}

/** Undefined when another resolver than Rollcall's found the endpoints. */
export function fleetOf(options: ChannelOptions): Fleet | undefined {
  return options[FLEET_OPTION] as Fleet | undefined;
}
