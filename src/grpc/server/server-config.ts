import { SERVER_DEFAULTS, SHUTDOWN_DEFAULTS } from "../../defaults.js";

export type { ServerConfig } from "../../config/server-config.js";

/** Milliseconds. */
export const DEFAULTS = { Timeout: SERVER_DEFAULTS.Timeout, ...SHUTDOWN_DEFAULTS } as const;
