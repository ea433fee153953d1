import type { CheckedServerConfig } from "../../../config/check.js";
import { log } from "../../../log.js";
import { refuse } from "../../../target/given.js";
import { AskedFunction, type Authenticate, type Authenticator, StoredTokens } from "./authenticator.js";
import { RedisTokens } from "./redis-tokens.js";

/**
 * What checks callers, if anything is to: the application's function, unless `Auth: false` switches it off, else the Redis of
 * the configuration where `Auth` is true.
 * @throws TypeError when Auth is true and there is neither.
 */
export function authenticatorOf(
  config: Pick<CheckedServerConfig, "Auth" | "Redis" | "StrictControl">,
  authenticate: Authenticate | undefined,
): Authenticator | undefined {
  const { Auth, Redis, StrictControl } = config;
  if (authenticate !== undefined && typeof authenticate !== "function")
    refuse("authenticate", authenticate, "a function that says who may call");
  if (authenticate) return Auth === false ? undefined : new AskedFunction(authenticate);
  if (!Auth) return undefined;
  if (Redis) {
    if (!StrictControl) {
      log.warn(
        {},
        "Auth: callers that Redis does not know, or that cannot be checked, are let in; set StrictControl: true",
      );
    }
    return new StoredTokens(new RedisTokens(Redis), StrictControl);
  }
  throw new TypeError(
    "Auth: true, but nothing says who may call: give Redis (Host and Key) or the setting authenticate of createServer",
  );
}
