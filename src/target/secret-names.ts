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
 * Whether a secret follows this text and a colon, which may as well be a sentence (`tests passed: 12`): it does where the last
 * word is `token`, `db-password` and the like; a name with dots is rather a service's (`order.token: 3 instances`).
 */
export function announcesSecret(text: string): boolean {
  const word = text.split(/[^\w.-]/).at(-1)!;
  return !word.includes(".") && AT_END.test(plainName(word));
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}
