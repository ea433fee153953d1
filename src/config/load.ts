import { z } from "zod";
import { log } from "../log.js";
import { adviceFor } from "./advice.js";
import { noteAdvised } from "./check.js";
import { ConfigError, type ConfigProblem, describeProblem, keyPath } from "./config-error.js";
import { describeIssue, expectation, valueAt } from "./describe-issue.js";
import { canonicaliseKeys } from "./yaml/canonical-keys.js";
import { YamlFile } from "./yaml/yaml-file.js";

export interface LoadOptions {
  /** Where `${VAR}` is looked up. Default process.env. */
  env?: NodeJS.ProcessEnv;
}

/** A configuration, and what should be known about the file it came from. */
export interface Loaded<Config> {
  readonly config: Config;
  /** What is probably a mistake: near misses of known keys, variables that are not set, what has no effect or is unsafe. */
  readonly warnings: readonly ConfigProblem[];
  /** Keys of go-zero that are accepted and mean nothing here. */
  readonly ignored: readonly string[];
}

/** A zod schema, or the shape of an object: sections by their names. */
export type SchemaOrShape = z.ZodType | Readonly<Record<string, z.ZodType>>;

/** What a file is read into. */
export type Config<S extends SchemaOrShape> = S extends z.ZodType
  ? z.output<S>
  : S extends z.ZodRawShape
    ? z.output<z.ZodObject<S>>
    : never;

/**
 * Reads a YAML (or JSON) file as go-zero does: `${VAR}` in a value is replaced from the environment, key names match without regard
 * to case, defaults are filled in. Unknown keys are allowed; what looks like a mistake is logged as a warning.
 *
 *     const config = await loadConfig("etc/cart.yaml", rpcServerConfig.extend({ OrderRpc: rpcClientConfig }));
 *
 *     const { OrderRpc } = await loadConfig("etc/shop.yaml", { OrderRpc: rpcClientConfig });
 *
 * @param schema made of rpcServerConfig and rpcClientConfig, usually
 * @throws ConfigError that lists everything that is wrong with the file; TypeError without a schema
 */
export async function loadConfig<Schema extends SchemaOrShape>(
  file: string,
  schema: Schema,
  options?: LoadOptions,
): Promise<Config<Schema>> {
  const { config, warnings, ignored } = await readConfig(file, schema, options);
  for (const warning of warnings) log.warn({ file, key: warning.key }, describeProblem(file, warning));
  if (ignored.length > 0) log.debug({ file, keys: ignored }, `${file}: keys of go-zero without a meaning here`);
  return config;
}

/** Like loadConfig, but hands back what loadConfig logs. */
export async function readConfig<Schema extends SchemaOrShape>(
  file: string,
  schemaOrShape: Schema,
  { env = process.env }: LoadOptions = {},
): Promise<Loaded<Config<Schema>>> {
  if (typeof schemaOrShape !== "object" || schemaOrShape === null) {
    throw new TypeError(
      "there is nothing to read the file into: give a schema, for example rpcServerConfig, or { OrderRpc: rpcClientConfig }",
    );
  }
  const schema = schemaOrShape instanceof z.ZodType ? schemaOrShape : z.object(schemaOrShape as z.ZodRawShape);
  const yaml = await YamlFile.read(file, env);
  const found = canonicaliseKeys(yaml, schema);
  const value = yaml.toValue();

  const problems = found.doubles.map(({ path, other }) =>
    yaml.problem(path, `is given more than once, as ${other}`, { at: "key" }),
  );
  const parsed = await schema.safeParseAsync(value, { error: expectation });
  const nearMisses = new Set(found.nearMisses);
  for (const issue of parsed.error?.issues ?? []) {
    const actual = valueAt(value, issue.path);
    let message = describeIssue(issue, actual);
    const slip = actual === undefined && found.nearMisses.find((miss) => explains(miss, issue.path));
    if (slip) {
      nearMisses.delete(slip);
      message += ` (${keyPath(slip.path)}: did you mean ${slip.meant}?)`;
    }
    const problem = slip
      ? { ...yaml.problem(slip.path, message, { at: "key" }), key: keyPath(issue.path) }
      : yaml.problem(issue.path, message);
    // What several sections inherit is wrong once.
    if (!problems.some((other) => samePlace(other, problem))) problems.push(problem);
  }

  const warnings = [
    ...yaml.warnings,
    ...[...nearMisses].map(({ path, meant }) => yaml.problem(path, `did you mean ${meant}?`, { at: "key" })),
    ...found.warnings.map(({ path, place, message }) => ({ ...yaml.problem(place, message), key: keyPath(path) })),
  ];
  // An unknown key may well be the reason for a problem, so it is told in the same breath.
  if (!parsed.success || problems.length > 0) throw new ConfigError(file, [...problems, ...warnings]);
  for (const { path, message } of adviceFor(schema, parsed.data, value)) {
    const warning = yaml.problem(path, message);
    if (!warnings.some((other) => samePlace(other, warning))) warnings.push(warning);
  }
  noteAdvised(parsed.data);
  for (const { name, line, column } of yaml.unsetVariables()) {
    warnings.push({ key: "", message: `\${${name}} is not set in the environment and became nothing`, line, column });
  }
  return { config: parsed.data as Config<Schema>, warnings, ignored: found.ignored.map(keyPath) };
}

/** Whether a key was probably meant to be the one that is missing. */
function explains(
  { path, meant }: { path: readonly PropertyKey[]; meant: string },
  missing: readonly PropertyKey[],
): boolean {
  return keyPath([...path.slice(0, -1), meant]) === keyPath(missing);
}

function samePlace(a: ConfigProblem, b: ConfigProblem): boolean {
  return a.line !== undefined && a.line === b.line && a.column === b.column && a.message === b.message;
}
