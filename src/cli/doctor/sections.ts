import { rpcClientConfig } from "../../config/schema/rpc-client-config.js";
import { rpcServerConfig } from "../../config/schema/rpc-server-config.js";
import { foldCase, nearMiss } from "../../target/key-names.js";

/** A part of a configuration file that is a server or a client, or may be. */
export interface Section {
  readonly kind: "server" | "client";
  /** Keys and places in lists that lead to it, as written; none for the file as a whole. */
  readonly path: readonly (string | number)[];
  /**
   * `sure`: by its name or its keys. `likely`: its keys are such as an application's own sections have too, and it is one
   * where it can be read as one. `template`: other sections take it by YAML's aliases, and it counts there. `list`: some of its
   * items have such keys, and may be many.
   */
  readonly standing: "sure" | "likely" | "template" | "list";
}

type Found = Pick<Section, "kind" | "standing">;
type Mapping = Readonly<Record<string, unknown>>;

const OWN_KEYS = {
  server: Object.keys(rpcServerConfig.shape).map(foldCase),
  client: Object.keys(rpcClientConfig.shape).map(foldCase),
} as const;

/** Deeper than any configuration, and less deep than the stack. */
const DEEPEST = 100;

/**
 * Finds the servers and the clients of a configuration by their names and keys: a server has ListenOn; a client has a name that
 * ends with "Rpc", or Endpoints, a Target or an Etcd.
 * @param isShared whether YAML's aliases stand for what is at a path
 */
export function findSections(
  config: unknown,
  isShared: (path: readonly PropertyKey[]) => boolean = () => false,
): Section[] {
  const lists = new Set<string>();
  return [...collect(config, [], false)];

  function* collect(value: unknown, path: Section["path"], inTemplate: boolean): Generator<Section> {
    if (path.length > DEEPEST) return;
    if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) yield* collect(item, [...path, i], inTemplate);
      return;
    }
    const name = path.findLast((part) => typeof part === "string") ?? "";
    const found = path.length === 0 ? kindOfFile(value) : kindOf(value, name);
    const isTemplate = inTemplate || (path.length > 0 && !isRpc(name) && isShared(path));
    const firstItem = path.findIndex((part) => typeof part === "number");
    if (found?.standing === "likely" && firstItem >= 0) yield* inList(found.kind, path.slice(0, firstItem));
    else if (found) yield { ...found, path, ...(isTemplate && { standing: "template" }) };
    if (!isMapping(value)) return;
    for (const [key, child] of Object.entries(value)) {
      if (!isOwnKey(key, found)) yield* collect(child, [...path, key], isTemplate);
    }
  }

  /** Told once for all items. */
  function* inList(kind: Section["kind"], path: Section["path"]): Generator<Section> {
    const isNew = !lists.has(JSON.stringify(path));
    lists.add(JSON.stringify(path));
    if (isNew) yield { kind, path, standing: "list" };
  }
}

function kindOfFile(file: unknown): Found | undefined {
  if (!isMapping(file)) return undefined;
  const found = kindOf(file, "");
  if (has(file, "ListenOn")) return { kind: "server", standing: "sure" };
  return found?.standing === "sure" && has(file, "Name") ? { kind: "server", standing: "sure" } : found;
}

function kindOf(section: unknown, name: string): Found | undefined {
  if (section === null && isRpc(name)) return { kind: "client", standing: "likely" };
  if (!isMapping(section)) return undefined;
  const [etcd, endpoints, target] = ["Etcd", "Endpoints", "Target"].map((key) => valueUnder(section, key));
  const inEtcd = isMapping(etcd) ? ["Hosts", "Key"].filter((key) => has(etcd, key)) : [];
  const standing = isRpc(name) || inEtcd.length === 2 ? "sure" : "likely";
  if (has(section, "ListenOn")) return { kind: "server", standing };
  const isClient =
    standing === "sure" ||
    inEtcd.length > 0 ||
    (Array.isArray(endpoints) && endpoints.length > 0) ||
    (typeof target === "string" && target !== "");
  return isClient ? { kind: "client", standing } : undefined;
}

function isRpc(name: string): boolean {
  return /.rpc$/i.test(name);
}

/** Keys that are not looked into: those a section's own schema reads, and the one that no schema can have. */
function isOwnKey(key: string, found: Found | undefined): boolean {
  const own = found ? OWN_KEYS[found.kind] : [];
  return key === "__proto__" || own.includes(foldCase(key)) || nearMiss(key, own) !== undefined;
}

function has(mapping: Mapping, wanted: string): boolean {
  return keyOf(mapping, wanted) !== undefined;
}

function valueUnder(mapping: Mapping, wanted: string): unknown {
  const key = keyOf(mapping, wanted);
  return key === undefined ? undefined : mapping[key];
}

/** The key that is the wanted one, in any case, or was probably meant to be. */
function keyOf(mapping: Mapping, wanted: string): string | undefined {
  const keys = Object.keys(mapping);
  return keys.find((key) => foldCase(key) === foldCase(wanted)) ?? keys.find((key) => nearMiss(key, [wanted]));
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
