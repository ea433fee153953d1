import { readFileSync } from "node:fs";
import type { Agent } from "node:http";
import type { RequestOptions } from "node:https";
import { createRequire } from "node:module";
import { messageOf } from "../../../thrown.js";
import {
  type KubeConfig,
  type KubeconfigCluster,
  type KubeconfigReaders,
  type KubeconfigUser,
  kubeconfigFiles,
  loadMerged,
} from "../kubeconfig-files.js";
import { clusterProblem, userProblem } from "../kubeconfig-problems.js";
import { expiredOidcToken } from "../oidc-token.js";
import type { ClusterAccess, Credentials, TlsSettings } from "./access.js";
import { type ExecCredential, ExecProgram } from "./exec-program.js";

const require = createRequire(import.meta.url);

export interface KubeconfigOptions {
  /** Default: the files of $KUBECONFIG, else ~/.kube/config. */
  readonly file?: string | undefined;
  /** Default: the file's current context. */
  readonly context?: string | undefined;
  /** Files in the form of $KUBECONFIG, which is the default. */
  readonly kubeconfig?: string | undefined;
}

interface LibraryConfig extends KubeConfig {
  setCurrentContext(name: string): void;
  applyToHTTPSOptions(options: RequestOptions): Promise<void>;
}

/** A kubeconfig as it was read, and the program that gives the credentials of its current user, if one does. */
interface Loaded {
  readonly config: LibraryConfig;
  readonly program: ExecProgram | undefined;
}

/**
 * The access a kubeconfig describes, read by `@kubernetes/client-node`: client certificates, tokens, OIDC. Exec plugins are run by
 * us: the library runs one for each request, as often as it is asked, and shows what it cannot read of their output.
 * @throws Error that says what to install, or what is wrong with the file.
 */
export async function kubeconfigAccess({
  file,
  context,
  kubeconfig = process.env.KUBECONFIG,
}: KubeconfigOptions = {}): Promise<ClusterAccess> {
  const readers = await loader();
  const files = file === undefined ? kubeconfigFiles(kubeconfig) : [file];
  const read = (): LibraryConfig => {
    const config = loadMerged(files, readers);
    if (context !== undefined) config.setCurrentContext(context);
    for (const cluster of config.clusters) {
      // The library refuses plain HTTP (kubectl proxy) unless certificates need not be checked; there are none.
      if (!/^https:/i.test(cluster.server)) cluster.skipTLSVerify = true;
    }
    return config;
  };
  const load = (): Loaded => {
    const config = readOrExplain(read, files);
    const program = currentUser(config)?.program;
    return { config, program: program && new ExecProgram(program) };
  };

  let loaded = load();
  /** What credentials were made of. */
  const origins = new WeakMap<Credentials, object>();
  const { name, namespace } = currentContext(loaded.config);
  return {
    source: `kubeconfig context ${JSON.stringify(name)}`,
    namespace,
    async credentials() {
      // kubectl writes a token that it has renewed into the file.
      if (expiredOidcToken(currentUser(loaded.config))) loaded = load();
      const { config, program } = loaded;
      const cluster = currentCluster(config);
      const user = currentUser(config);
      const problem = clusterProblem(cluster) ?? (user && userProblem(user));
      if (problem) throw new Error(`the kubeconfig cannot be used: its ${problem}`);
      const server = serverOf(cluster);
      // As kubectl has it: what is not encrypted carries no credentials.
      const plain = server.protocol === "http:";
      if (plain && cluster.proxyUrl === undefined) return { server, headers: {}, tls: {} };
      const refused = expiredOidcToken(user);
      if (refused) throw new Error(refused);
      const given = await program?.credential();
      const options = optionsOf(given);
      await config.applyToHTTPSOptions(options).catch((error) => {
        throw withoutOutput(error);
      });
      const proxy = cluster.proxyUrl === undefined ? {} : { proxy: options.agent as Agent };
      const credentials = { server, ...(plain ? { headers: {}, tls: {} } : credentialsOf(options, user)), ...proxy };
      origins.set(credentials, given ?? config);
      return credentials;
    },
    // The library holds on to what token files gave it, and a program to its credential; a fresh one asks them again. Of the many
    // requests that were refused with the same credentials the first does so.
    forget(refused) {
      const { config, program } = loaded;
      if (origins.get(refused) === (program ? program.current : config)) loaded = load();
    },
    rest() {
      loaded.program?.stop();
    },
  };
}

async function loader(): Promise<KubeconfigReaders<LibraryConfig>> {
  // Not needed inside a pod. By require(), because bundlers make a file of its own of what is imported later.
  const { parse: parseYaml } = require("yaml") as typeof import("yaml");
  try {
    const { KubeConfig } = await import("@kubernetes/client-node");
    return { create: () => new KubeConfig() as unknown as LibraryConfig, parseYaml };
  } catch (error) {
    throw new Error(
      'k8s: targets outside a pod read a kubeconfig with the package "@kubernetes/client-node", which cannot be ' +
        `loaded: ${howToInstall()} (${messageOf(error)})`,
      { cause: error },
    );
  }
}

/** Version 2 of the library needs Node 22, and npm installs it on any Node. */
function howToInstall(node: string = process.versions.node): string {
  if (Number.parseInt(node, 10) >= 22) return "npm install @kubernetes/client-node";
  return `npm install @kubernetes/client-node@1, because version 2 needs Node 22 and this is Node ${node}`;
}

function readOrExplain(read: () => LibraryConfig, files: readonly string[]): LibraryConfig {
  try {
    return read();
  } catch (error) {
    const problem = yamlProblem(error);
    const why = problem ?? messageOf(error);
    throw new Error(`the kubeconfig ${files.join(", ")} cannot be read: ${why}`, problem ? {} : { cause: error });
  }
}

/**
 * What is wrong with YAML, and where; undefined for another error. The words of YAML libraries show what stands there, which may be a
 * token or a key.
 */
function yamlProblem(error: unknown): string | undefined {
  const { name, reason, mark, code, linePos } = error as {
    name?: string;
    /** Of js-yaml. */
    reason?: string;
    mark?: { line: number; column: number };
    /** Of yaml. */
    code?: string;
    linePos?: readonly { line: number; col: number }[];
  };
  if (!name?.startsWith("YAML")) return undefined;
  const why = (reason ?? code ?? "it cannot be parsed").replace(/\s*["<!:(].*$/s, "");
  const [line, column] = mark ? [mark.line + 1, mark.column + 1] : [linePos?.[0]?.line, linePos?.[0]?.col];
  return `it is no YAML at line ${line}, column ${column}: ${why}`;
}

function currentContext(config: KubeConfig) {
  const name = config.getCurrentContext();
  const context = config.contexts.find((context) => context.name === name);
  if (context) return context;
  const known = config.contexts.map(({ name }) => name).join(", ");
  throw new Error(`the kubeconfig has no context ${JSON.stringify(name ?? "")}: it has ${known || "none"}`);
}

function currentCluster(config: KubeConfig) {
  const { name, cluster: wanted } = currentContext(config);
  const cluster = config.clusters.find((cluster) => cluster.name === wanted);
  if (cluster) return cluster;
  throw new Error(
    `the kubeconfig's context ${JSON.stringify(name)} names a cluster ${JSON.stringify(wanted)} that it lacks`,
  );
}

function currentUser(config: KubeConfig): KubeconfigUser | undefined {
  const { user } = currentContext(config);
  return config.users.find(({ name }) => name === user);
}

/** What the library is to build upon. */
function optionsOf(given: ExecCredential | undefined): RequestOptions {
  const { token, clientCertificateData: cert, clientKeyData: key } = given ?? {};
  return { ...(token && { headers: { Authorization: `Bearer ${token}` } }), ...(cert && { cert, key }) };
}

/** The library runs the programs of an `auth-provider`, and an error about their JSON shows what stands there: tokens. */
function withoutOutput(error: unknown): unknown {
  if ((error as Error).name !== "SyntaxError") return error;
  return new Error("what the program of the user's auth-provider printed is no JSON");
}

/** A server without a scheme is one without TLS, as kubectl has it. */
function serverOf({ server }: KubeconfigCluster): URL {
  return new URL(/^[a-z][a-z\d+.-]*:\/\//i.test(server) ? server : `http://${server}`);
}

function credentialsOf(options: RequestOptions, user: KubeconfigUser | undefined): Omit<Credentials, "server"> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (typeof value === "string") headers[name.toLowerCase()] = value.trim();
  }
  if (options.auth) headers.authorization = `Basic ${Buffer.from(options.auth).toString("base64")}`;
  // Read each time, because it is replaced while we run.
  if (user?.tokenFile) headers.authorization = `Bearer ${readFileSync(user.tokenFile, "utf8").trim()}`;
  Object.assign(headers, user?.impersonation);
  const { ca, cert, key, servername, rejectUnauthorized } = options as TlsSettings;
  return {
    headers,
    tls: {
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
      ...(servername && { servername }),
      ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
    },
  };
}
