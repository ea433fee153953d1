import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** The header by which the page proves that it, and no other site's form, asks for something to be done. */
export const TOKEN_HEADER = "x-rollcall-token";

/** Nothing from other origins, nothing inline, in nobody's frame. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    ...["script-src", "style-src", "connect-src", "img-src"].map((kind) => `${kind} 'self'`),
    ...["base-uri", "form-action", "frame-ancestors"].map((kind) => `${kind} 'none'`),
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

export function newToken(): string {
  return randomBytes(24).toString("base64url");
}

/** In a time that does not depend on how much of it is right. */
export function isSameToken(given: string, token: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}

/**
 * Whether the browser was told to go here: another name in Host is another site's that was made to mean this machine (DNS
 * rebinding), and another Origin is another site's page.
 */
export function isOwnHost({ headers }: Pick<IncomingMessage, "headers">, port: number): boolean {
  // Browsers leave out the port of plain HTTP.
  const own = ["127.0.0.1", "localhost", "[::1]"].map((host) => (port === 80 ? host : `${host}:${port}`));
  const { host = "", origin } = headers;
  return own.includes(host.toLowerCase()) && (origin === undefined || own.includes(origin.replace(/^http:\/\//i, "")));
}

/** The token that stands in front of a path, and the path after it. */
export function splitPath(url: string): { token: string; path: string } {
  const [, token = "", path = ""] = /^\/([^/?#]*)(\/[^?#]*)?/.exec(url) ?? [];
  return { token, path };
}
