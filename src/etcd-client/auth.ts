import { status } from "@grpc/grpc-js";
import { log } from "../log.js";
import { type AuthenticateRequest, AuthService } from "../proto/etcd.js";
import { EtcdError } from "./errors.js";
import type { EtcdSettings } from "./settings.js";

type Authenticate = (
  method: (typeof AuthService)["authenticate"],
  request: AuthenticateRequest,
) => Promise<{ token: string }>;

/**
 * Trades user and password for a token. Undefined when there is no user, or when etcd runs without authentication, where
 * its own clients go on without one too.
 * @throws EtcdError that names the user when the password is wrong.
 */
export async function authenticate(
  host: string,
  { user, pass = "" }: EtcdSettings,
  call: Authenticate,
): Promise<string | undefined> {
  if (user === undefined) return undefined;
  try {
    return (await call(AuthService.authenticate, { name: user, password: pass })).token;
  } catch (error) {
    if (!(error instanceof EtcdError) || error.code !== status.FAILED_PRECONDITION) throw error;
    log.debug({ host, user }, "etcd runs without authentication: user and password are not used");
    return undefined;
  }
}
