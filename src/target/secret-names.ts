import { nearMiss } from "./key-names.js";

/** Names whose values are secrets; what is nearly one of them counts too, because a misspelt password is one. */
const SECRET_NAMES = [
  "pass",
  "passwd",
  "password",
  "passphrase",
  "pwd",
  "token",
  "secret",
  "apikey",
  "credentials",
  "authorization",
];

/** Whether the value of this key, parameter or field is not to be shown. */
export function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, "");
  return (
    /pass|pwd|token|secret|credential|apikey|authorization|otlpheaders|cookie|jwt|privatekey/.test(plain) ||
    nearMiss(plain, SECRET_NAMES) !== undefined
  );
}
