import type { ChannelOptions } from "@grpc/grpc-js";

/**
 * grpc-js redials after 1 s, doubling up to 120 s, because it cannot know whether anybody lives at an address. A listed
 * instance is expected back, so it is dialled sooner and more often. Milliseconds.
 */
const REDIAL: ChannelOptions = { "grpc.initial_reconnect_backoff_ms": 250, "grpc.max_reconnect_backoff_ms": 5_000 };

/**
 * While calls run. grpc-go closes connections that are pinged more often than every 5 minutes without data; a little over
 * that is safe with every server. Silent calls are found by probes long before. Milliseconds.
 */
const KEEPALIVE: ChannelOptions = { "grpc.keepalive_time_ms": 310_000, "grpc.keepalive_timeout_ms": 10_000 };

/** Of whoever asks a proxy; a discovered instance is connected to directly. */
const PROXY_CREDENTIALS = "grpc.http_connect_creds";

/**
 * The options of a connection: the application's, with Rollcall's defaults, without what is only for the channel.
 * @param discovered whether Rollcall found the instances; then they are connected to directly, whatever the environment
 *   says of proxies. The target that pastProxy() has left in them is only for the name that TLS verifies.
 */
export function connectionOptions(options: ChannelOptions, discovered: boolean): ChannelOptions {
  const passed = Object.entries(options).filter(
    ([name]) => !name.startsWith("grpc.internal.") && !(discovered && name === PROXY_CREDENTIALS),
  );
  const direct: ChannelOptions = discovered ? { "grpc.enable_http_proxy": 0 } : {};
  return { ...REDIAL, ...KEEPALIVE, ...Object.fromEntries(passed), ...direct };
}

/**
 * Connections whose health is watched are probed when they have been quiet for so long, in milliseconds: load balancers and
 * firewalls forget flows after 240 s (Azure), 350 s (AWS) or more. A probe is a call, no ping, so that grpc-go's limit on
 * pings does not concern it.
 */
const QUIET_KEEPALIVE_MS = 230_000;

/** How often a quiet connection is probed; undefined for never, as where no health is watched. The application's keepalive time wins. */
export function quietKeepaliveMs(options: ChannelOptions, watchesHealth: boolean): number | undefined {
  if (!watchesHealth) return undefined;
  const given = options["grpc.keepalive_time_ms"];
  if (given === undefined) return QUIET_KEEPALIVE_MS;
  return given > 0 ? given : undefined;
}
