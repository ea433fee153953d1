import { z } from "zod";
import { ConfigError, type ConfigProblem, keyPath } from "../../config/config-error.js";
import { valueAt } from "../../config/describe-issue.js";
import { readConfig } from "../../config/load.js";
import { type RpcClientConfig, rpcClientConfig } from "../../config/schema/rpc-client-config.js";
import { type RpcServerConfig, rpcServerConfig } from "../../config/schema/rpc-server-config.js";
import { YamlFile } from "../../config/yaml/yaml-file.js";
import { messageOf } from "../../thrown.js";
import { findSections, type Section } from "./sections.js";

/** What became of a section when it was read. */
export type Reading = { readonly section: Section } & (
  | { readonly outcome: "server"; readonly config: RpcServerConfig; readonly warnings: readonly ConfigProblem[] }
  | { readonly outcome: "client"; readonly config: RpcClientConfig; readonly warnings: readonly ConfigProblem[] }
  | { readonly outcome: "refused"; readonly problems: readonly ConfigProblem[] }
  /** Probably an application's own; what is said against it, should it be meant as one of Rollcall's. */
  | { readonly outcome: "foreign"; readonly problems: readonly ConfigProblem[] }
  | { readonly outcome: "template" | "list" }
);

/**
 * Reads each section of a file by itself, as its program does, so that one that is refused keeps no other from being looked at.
 * @returns with warnings of the file as a whole
 * @throws ConfigError for what is wrong with the file as a whole
 */
export async function readSections(
  file: string,
): Promise<{ readings: readonly Reading[]; warnings: readonly ConfigProblem[] }> {
  const yaml = await YamlFile.read(file, process.env);
  const sections = findSections(yaml.toValue(), (path) => yaml.isShared(path));
  const { warnings } = await readConfig(file, {});
  return { readings: await Promise.all(sections.map((section) => readSection(file, section))), warnings };
}

async function readSection(file: string, section: Section): Promise<Reading> {
  const { kind, path, standing } = section;
  if (standing === "template" || standing === "list") return { section, outcome: standing };
  const schema = kind === "server" ? rpcServerConfig : rpcClientConfig;
  try {
    const read = await readConfig(file, schemaAt(path, schema));
    const { warnings } = read;
    const config = valueAt(read.config, path);
    if (kind === "server") return { section, outcome: kind, config: config as RpcServerConfig, warnings };
    const doubt = standing === "likely" ? doubtAbout(config as RpcClientConfig, path) : [];
    if (doubt.length > 0) return { section, outcome: "foreign", problems: doubt };
    return { section, outcome: kind, config: config as RpcClientConfig, warnings };
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      return { section, outcome: "refused", problems: [{ key: keyPath(path), message: messageOf(error) }] };
    }
    return { section, outcome: standing === "sure" ? "refused" : "foreign", problems: error.problems };
  }
}

/** A schema of the whole file, with a section's in its place. */
function schemaAt(path: Section["path"], schema: z.ZodType): z.ZodType {
  return path.reduceRight<z.ZodType>((inner, part) => {
    if (typeof part === "string") return z.object({ [part]: inner });
    const before = Array.from({ length: part }, () => z.unknown());
    return z.tuple([...before, inner] as [z.ZodType], z.unknown());
  }, schema);
}

/** One word may be a name that DNS knows, and anything else as well. */
function doubtAbout({ Endpoints, Target }: RpcClientConfig, path: Section["path"]): ConfigProblem[] {
  if (Endpoints || !Target || Target.includes(":")) return [];
  return [{ key: keyPath([...path, "Target"]), message: `expected dns:///${Target} for a name in DNS, got one word` }];
}
