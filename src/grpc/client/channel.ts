import type * as grpc from "@grpc/grpc-js";
import "../register.js";
import { checkClientConfig } from "../../config/check.js";
import type { ClientConfig } from "../../config/schema/client-target.js";
import type { Decision } from "../../observe/decisions/decision.js";
import type { CalledService } from "../../observe/state.js";
import { checkNames } from "../../target/given.js";
import { ServiceChannel } from "./service-channel.js";

export interface ChannelSettings {
  /** Default insecure. */
  readonly credentials?: grpc.ChannelCredentials | undefined;
  /**
   * Further options of grpc-js' channel. A `grpc.service_config` among them replaces what the configuration says by one: BalancerName and
   * what belongs to it (Subset, HealthCheck, MaxSetAside, Zone, HashKey), Retry, and Hedge with a Delay.
   */
  readonly channelOptions?: grpc.ChannelOptions | undefined;
  /**
   * The services that are called through the channel. Config.Timeout then applies to their unary methods only; without it
   * a channel cannot tell a stream from a unary call, and Timeout ends every call that brings no deadline of its own.
   */
  readonly services?: readonly grpc.ServiceDefinition[] | undefined;
}

/**
 * A grpc-js channel to the instances of a service, for whatever takes a channel (`channelOverride`, nice-grpc). It begins
 * to connect at once; close() it to end.
 * @throws TypeError when the config does not say where the instances are, or something in it cannot be obeyed.
 */
export function createChannel(config: ClientConfig, settings: ChannelSettings = {}): ObservedChannel {
  checkNames("createChannel", settings, ["credentials", "channelOptions", "services"]);
  const channel = new ServiceChannel(checkClientConfig(config), settings);
  channel.getConnectivityState(true);
  return channel;
}

/** A channel that tells what it does. */
export interface ObservedChannel extends grpc.Channel {
  /**
   * The last picks of this channel that the process's flight recorder holds, the oldest first. Empty where the balancer is not
   * Rollcall's, or `ROLLCALL_DECISIONS=0`.
   */
  decisions(): Decision[];
  /** What the channel knows of its service and instances now; undefined before it has begun, and where the balancer is not Rollcall's. */
  stats(): CalledService | undefined;
}

/**
 * The channel of a client that createClient made, for its decisions() and stats(); undefined for any other client.
 */
export function channelOf(client: grpc.Client): ObservedChannel | undefined {
  const channel = client.getChannel();
  return channel instanceof ServiceChannel ? channel : undefined;
}
