import type { KubeconfigUser } from "./kubeconfig-files.js";

/**
 * Why a user's OpenID Connect token cannot be used any more, or undefined while it can, and for other kinds of users. Tokens
 * are not renewed here: the library's renewal fails, or renews at every request (kubernetes-client/javascript #2202, #579).
 */
export function expiredOidcToken(user: KubeconfigUser | undefined, now: number = Date.now()): string | undefined {
  if (user?.authProvider?.name !== "oidc") return undefined;
  const who = `the kubeconfig's user ${JSON.stringify(user.name)}`;
  const advice =
    "renew it with kubectl, which writes it into the file, or use an exec plugin (kubectl oidc-login) in place of auth-provider";
  const token = user.authProvider.config?.["id-token"];
  if (!token) return `${who} has auth-provider oidc but no id-token: ${advice}`;
  const expiry = expiryOf(token);
  if (expiry === undefined || expiry > now) return undefined;
  return `the id-token of ${who} has expired on ${new Date(expiry).toISOString()}: ${advice}`;
}

/** Milliseconds since the epoch; undefined where the token does not say. */
function expiryOf(token: string): number | undefined {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    const seconds = (payload as { exp?: unknown }).exp;
    return typeof seconds === "number" ? seconds * 1_000 : undefined;
  } catch {
    return undefined;
  }
}
