import { z } from "zod";
import { rpcClientConfig } from "../../config/schema/rpc-client-config.js";
import { rpcServerConfig } from "../../config/schema/rpc-server-config.js";
import { foldCase, nearMiss } from "../../target/key-names.js";

/** A part of a configuration file that is Rollcall's business. */
export interface Section {
  readonly kind: "server" | "client";
  /** Keys that lead to it, as written; none for the file as a whole. */
  readonly path: readonly string[];
}

/**
 * Finds the server and the clients in a configuration by their shape: a server has ListenOn, a client has Endpoints,
 * Target or Etcd, or a name that ends with "Rpc".
 * @returns the sections, and a schema that reads the file with them in their places
 */
export function findSections(config: unknown): { sections: Section[]; schema: z.ZodType } {
  const sections: Section[] = [];
  return { schema: schemaOf(config, [], sections), sections };
}

function schemaOf(value: unknown, path: readonly string[], found: Section[]): z.ZodObject {
  if (!isMapping(value)) return z.object({});
  const kind = kindOf(value, path.at(-1));
  if (kind) found.push({ kind, path });
  const own = kind === "server" ? rpcServerConfig : kind === "client" ? rpcClientConfig : z.object({});
  const ownKeys = Object.keys(own.shape).map(foldCase);
  const inner = Object.entries(value)
    .filter(([key, child]) => isMapping(child) && !ownKeys.includes(foldCase(key)) && !nearMiss(key, ownKeys))
    .map(([key, child]) => [key, schemaOf(child, [...path, key], found)] as const);
  return own.extend(Object.fromEntries(inner)) as z.ZodObject;
}

function kindOf(value: Record<string, unknown>, name = ""): Section["kind"] | undefined {
  const keys = Object.keys(value);
  const has = (wanted: string) => keys.some((key) => foldCase(key) === foldCase(wanted) || nearMiss(key, [wanted]));
  if (has("ListenOn") || (name === "" && has("Name") && has("Etcd"))) return "server";
  if (has("Endpoints") || has("Target") || has("Etcd") || /.rpc$/i.test(name)) return "client";
  return undefined;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
