import type { ChannelOptions } from "@grpc/grpc-js";
import type { Target } from "../../registry.js";
import { PRIVATE_OPTION } from "../shield.js";

/** Channel option by which createChannel hands the resolver a target with settings that have no place in a URL. */
export const TARGET_OPTION = `${PRIVATE_OPTION}target`;

export function targetOf(options: ChannelOptions): Target | undefined {
  return options[TARGET_OPTION] as Target | undefined;
}
