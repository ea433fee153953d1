import { quote } from "../address.js";
import type { Target, TargetParts } from "../registry.js";
import { messageOf } from "../thrown.js";
import { formOf, isKnownScheme, type TargetForm } from "./forms.js";
import { nearMiss } from "./key-names.js";

/**
 * Reads a target URL such as `etcd:///h1:2379,h2:2379?key=order.rpc`. Text without a scheme is a DNS name, as in gRPC.
 * @throws TypeError that quotes the URL, says what is wrong with it and what form is expected.
 */
export function parseTargetUrl(url: string): Target {
  const { scheme, rest } = splitScheme(url);
  return read(url, scheme, "", rest);
}

/**
 * The same URL as grpc-js has to see it: it compares schemes letter by letter, minds spaces, and keeps names without
 * slashes (`dns:order:8080`, `order:8080`) for a resolver of its own. This is the one place where that is evened out.
 */
export function canonicalUrl(url: string): string {
  const { scheme, rest } = splitScheme(url);
  return scheme === "dns" && !rest.startsWith("//") ? `dns:///${rest}` : `${scheme}:${rest}`;
}

function splitScheme(url: string): { scheme: string; rest: string } {
  const text = url.trim();
  const [, scheme, rest = ""] = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(text) ?? [];
  // "order-rpc:8080" looks like a scheme and a path, but is a name and a port.
  const bareName = scheme === undefined || (/^\d+$/.test(rest) && !isKnownScheme(scheme.toLowerCase()));
  return bareName ? { scheme: "dns", rest: text } : { scheme: scheme.toLowerCase(), rest };
}

/**
 * Reads a target URL that is already split, as grpc-js hands it to a resolver.
 * @param path may hold the query, and the authority too (`//authority/path?query`) where that has not been split off.
 * @throws TypeError like parseTargetUrl.
 */
export function parseTarget(scheme: string, authority: string, path: string): Target {
  const text = path.trimEnd();
  return read(`${scheme}:${text.startsWith("//") ? "" : `//${authority}/`}${text}`, scheme, authority, text);
}

/**
 * Reads the parts of a target URL by a form.
 * @throws TypeError like parseTargetUrl.
 */
export function readTarget(scheme: string, parts: TargetParts, form: TargetForm): Target {
  const query = new URLSearchParams(parts.params).toString();
  const url = `${scheme}://${parts.authority}/${parts.path}${query === "" ? "" : `?${query}`}`;
  return explained(url, form, () => ({ scheme, ...form.parse(parts) }));
}

function read(url: string, scheme: string, authority: string, path: string): Target {
  const form = formOf(scheme);
  return explained(url, form, () => {
    const parts = split(authority, path);
    for (const param of Object.keys(parts.params)) {
      const meant = form.params?.includes(param) ? undefined : nearMiss(param, form.params ?? []);
      if (meant) throw new TypeError(`it has a parameter ${JSON.stringify(param)}: did you mean ${meant}?`);
    }
    return { scheme, ...form.parse(parts) };
  });
}

function explained(url: string, form: TargetForm, parse: () => Target): Target {
  try {
    return parse();
  } catch (error) {
    const expected = form.expected === undefined ? "" : `; expected ${form.expected}`;
    throw new TypeError(`${quote(url)} is not a target: ${messageOf(error)}${expected}`, { cause: error });
  }
}

function split(authority: string, pathAndQuery: string): TargetParts {
  const [beforeQuery, query] = cut(pathAndQuery, "?");
  const [, inPath, path] = /^(?:\/\/([^/]*))?\/*(.*)$/s.exec(beforeQuery)!;
  return { authority: decode(authority || inPath || ""), path: decode(path ?? ""), params: params(query) };
}

function params(query: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    const folded = name.toLowerCase();
    if (Object.hasOwn(found, folded)) throw new TypeError(`its parameter ${JSON.stringify(name)} is given twice`);
    found[folded] = value;
  }
  return found;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError('it has a "%" that begins no escape (a percent sign itself is written %25)');
  }
}

function cut(text: string, separator: string): [before: string, after: string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
