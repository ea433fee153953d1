/**
 * This folder alone touches `grpc.experimental`, which "may break in any minor version" and did: signatures differ between
 * grpc-js 1.13 and 1.14. The rest of Rollcall sees the small, stable interfaces declared here. This file gives the parts that
 * are used as they are their names.
 */
import { createRequire } from "node:module";
import * as grpc from "@grpc/grpc-js";
import { checkVersion } from "../grpc-js-version.js";

const require = createRequire(import.meta.url);
checkVersion((require("@grpc/grpc-js/package.json") as { version: string }).version);

export const { experimental } = grpc;

export type Endpoint = grpc.experimental.Endpoint;
export type Picker = grpc.experimental.Picker;
export type PickResult = grpc.experimental.PickResult;
export type PolicyHelper = grpc.experimental.ChannelControlHelper;
export type Leaf = grpc.experimental.LeafLoadBalancer;
export type ConfigSelector = grpc.experimental.ConfigSelector;
export type CallConfig = ReturnType<ConfigSelector["invoke"]>;
export type MethodConfig = CallConfig["methodConfig"];
export type Subchannel = grpc.experimental.SubchannelInterface;
export type SubchannelAddress = grpc.experimental.SubchannelAddress;
export type StatusObject = grpc.StatusObject;

export interface ServiceConfig {
  loadBalancingConfig: Record<string, object>[];
  methodConfig: MethodConfig[];
  retryThrottling?: { maxTokens: number; tokenRatio: number };
}

export const { PickResultType, UnavailablePicker, BaseFilter, BaseSubchannelWrapper } = experimental;
export const { createChildChannelControlHelper: childHelper, parseDuration } = experimental;

/** The call waits until the policy has another picker. */
export const QUEUE: PickResult = {
  pickResultType: experimental.PickResultType.QUEUE,
  subchannel: null,
  status: null,
  onCallStarted: null,
  onCallEnded: null,
};

/** Channel options with this prefix stay out of the key by which grpc-js finds a subchannel in its pool. */
export const PRIVATE_OPTION = "grpc.internal.no_subchannel.rollcall.";

/** `host:port`, and the others after commas where an endpoint has several addresses. */
export function endpointText(endpoint: Endpoint): string {
  return endpoint.addresses.map(experimental.subchannelAddressToString).join(", ");
}
