import { nearMiss } from "./key-names.js";

/** Names whose values are secrets. */
const SECRET_NAMES = [
  "pass",
  "passwd",
  "password",
  "passphrase",
  "pwd",
  "token",
  "secret",
  "credential",
  "credentials",
  "apikey",
  "privatekey",
  "authorization",
  "otlpheaders",
  "cookie",
  "jwt",
];
const SOMEWHERE = new RegExp(SECRET_NAMES.join("|"));
const AT_END = new RegExp(`(?:${SECRET_NAMES.join("|")})$`);
/** A misspelt password is one too. Of three letters there is too much that is nearly the same: `pod` and `cwd` are no `pwd`. */
const MISSPELT = SECRET_NAMES.filter(({ length }) => length > 3);

/** Whether the value of this key, parameter or field is not to be shown. */
export function isSecretName(name: string): boolean {
  const plain = plainName(name);
  return SOMEWHERE.test(plain) || nearMiss(plain, MISSPELT) !== undefined;
}

/**
 * Whether a secret follows this text and a colon, which may as well be a sentence: its last word decides. That may be a service
 * (`TokenRpc: x`, `token.rpc: x`), and before a number what is counted (`tests passed: 12`) unless it ends as `pin-token: 12345` does.
 */
export function announcesSecret(text: string, isNumber: boolean): boolean {
  const word = text.split(/[^\w.-]+/).findLast(Boolean) ?? "";
  if (/[Rr]pc$/.test(word)) return false;
  return isNumber ? AT_END.test(plainName(word)) : isSecretName(word);
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}
