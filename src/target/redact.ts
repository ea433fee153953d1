import { isSecretName } from "./secret-names.js";
import { HIDDEN, hideSecretValues } from "./secret-values.js";

/** What may be shown of text that may hold secrets or steer a terminal. Everything that is printed or logged passes here. */

/** Query parameters that are shown even behind a secret: anything else there may be the rest of a password with a raw `&`. */
const HARMLESS_PARAMS = new Set([
  ...["key", "user", "id", "ttl", "tls", "certfile", "certkeyfile", "cacertfile", "insecureskipverify", "layout"],
  ...["min_ttl", "max_ttl", "family", "kubeconfig", "context"],
]);

/**
 * A URL, a target, a host or a list of hosts, without its secrets: values of `pass=` and its like, and the password of
 * `user:password@`. The whole text is taken for one URL, so a password may hold spaces and quotes; where it cannot be
 * told where a password ends, more is hidden.
 */
export function redactUrl(url: string): string {
  const at = url.search(/\?(?=[^?=&]*=)/);
  if (at < 0) return hideSecretValues(withoutUserInfo(url), true);
  const query: string[] = [];
  let hiding = false;
  for (const param of url.slice(at + 1).split("&")) {
    const equals = param.indexOf("=");
    const name = decoded(equals < 0 ? "" : param.slice(0, equals));
    if (isSecretName(name)) query.push(`${param.slice(0, equals)}=${HIDDEN}`);
    else if (!hiding || HARMLESS_PARAMS.has(name.toLowerCase())) query.push(hideSecretValues(param, true));
    hiding ||= isSecretName(name);
  }
  return withoutUserInfo(`${hideSecretValues(url.slice(0, at), true)}?${query.join("&")}`);
}

/** Prose (a message, a log line) without the secrets of the URLs and of the names with values in it. */
export function redactText(text: string): string {
  if (!/[=@:]|%3d|bearer|basic/i.test(text)) return text;
  const urls = text.replace(/[a-z][a-z0-9+.-]{0,30}:\/\/[^\s"<>]*/gi, redactUrl);
  return hideSecretValues(urls).replace(/(?<![^\s"'])[^\s"']+@(?=[\w[.])/g, (userInfo) =>
    userInfo.replace(/(^|[(=,/])([^/:@,()=]*):(?!\/\/).+@$/s, `$1$2:${HIDDEN}@`),
  );
}

/**
 * The beginning of text that is too long to be shown, to be redacted alone. An "@" behind it may end a password that begins in
 * its last word, which is then left out.
 */
export function beginningOf(text: string, most: number): string {
  if (text.length <= most) return text;
  const beginning = text.slice(0, most);
  return text.includes("@", most) ? beginning.replace(/(?<!\S)\S+$/, "") : beginning;
}

/** Text from outside, with what could steer a terminal (escape sequences, line breaks, direction marks) made visible. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, escaped);
}

/** Data as JSON on one line: int64 numbers as text, because JSON's readers would round them, and nothing that steers a terminal. */
export function printableJson(data: unknown): string {
  // Inside JSON these characters stand in strings only, where an escape means the same.
  return printable(JSON.stringify(data, (_name, value) => (typeof value === "bigint" ? String(value) : value)));
}

function withoutUserInfo(url: string): string {
  const [scheme] = /^(?:[a-z][a-z0-9+.-]*:\/{1,3})?/i.exec(url)!;
  const rest = url.slice(scheme.length);
  if (!rest.includes("@")) return url;
  // The password ends at the last "@". A port is no password, and an "@" behind the query's beginning belongs to the key.
  const known = /^((?:[^,@]*,)*?[^/:@,?]*):(?!\d{1,5}(?:[/,?]|$)).*@/s.exec(rest);
  if (known) return `${scheme}${known[1]}:${HIDDEN}@${rest.slice(known[0].length)}`;
  return scheme + rest.replace(/^[^?]*@/, `${HIDDEN}@`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function escaped(char: string): string {
  return [...Array(char.length).keys()].map((i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, "0")}`).join("");
}
