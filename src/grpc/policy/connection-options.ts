import type { ChannelOptions } from "@grpc/grpc-js";

/**
 * grpc-js redials after 1 s, doubling up to 120 s, because it cannot know whether anybody lives at an address. A listed
 * instance is expected back, so it is dialled sooner and oftener. Milliseconds.
 */
const REDIAL: ChannelOptions = { "grpc.initial_reconnect_backoff_ms": 250, "grpc.max_reconnect_backoff_ms": 5_000 };

/**
 * grpc-go closes connections that are pinged oftener than every 5 minutes without data, and the health Watch keeps
 * connections in use; a little over that is safe with every server. Milliseconds.
 */
const KEEPALIVE: ChannelOptions = { "grpc.keepalive_time_ms": 310_000, "grpc.keepalive_timeout_ms": 10_000 };

/** The options of a connection: the application's, with Rollcall's defaults, without what is only for the channel. */
export function connectionOptions(options: ChannelOptions): ChannelOptions {
  const passed = Object.entries(options).filter(([name]) => !name.startsWith("grpc.internal."));
  return { ...REDIAL, ...KEEPALIVE, ...Object.fromEntries(passed) };
}
