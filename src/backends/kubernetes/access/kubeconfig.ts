import type { Agent } from "node:http";
import type { RequestOptions } from "node:https";
import { type KubeConfig, type KubeconfigUser, kubeconfigFiles, loadMerged } from "../kubeconfig-files.js";
import { expiredOidcToken } from "../oidc-token.js";
import type { ClusterAccess, Credentials, TlsSettings } from "./access.js";

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

/**
 * The access a kubeconfig describes, read by `@kubernetes/client-node`: client certificates, tokens, exec plugins, OIDC.
 * @throws Error that says what to install, or what is wrong with the file.
 */
export async function kubeconfigAccess({
  file,
  context,
  kubeconfig = process.env.KUBECONFIG,
}: KubeconfigOptions = {}): Promise<ClusterAccess> {
  const create = await loader();
  const files = file === undefined ? kubeconfigFiles(kubeconfig) : [file];
  const read = (): LibraryConfig => {
    const config = loadMerged(files, create);
    if (context !== undefined) config.setCurrentContext(context);
    for (const cluster of config.clusters) {
      // The library refuses plain HTTP (kubectl proxy) unless certificates need not be checked; there are none.
      if (cluster.server.startsWith("http:")) cluster.skipTLSVerify = true;
    }
    return config;
  };

  let config = readOrExplain(read, files);
  const { name, namespace } = currentContext(config);
  return {
    source: `kubeconfig context ${JSON.stringify(name)}`,
    namespace,
    async credentials() {
      // kubectl writes a token that it has renewed into the file.
      if (expiredOidcToken(currentUser(config))) config = readOrExplain(read, files);
      const refused = expiredOidcToken(currentUser(config));
      if (refused) throw new Error(refused);
      const cluster = currentCluster(config);
      const server = new URL(cluster.server);
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options).catch((error) => {
        throw withInstallHint(error, currentUser(config));
      });
      return credentialsOf(server, options, cluster.proxyUrl !== undefined);
    },
    // The library holds on to what exec plugins and token files gave it; a fresh one asks them again.
    forget() {
      config = readOrExplain(read, files);
    },
  };
}

async function loader(): Promise<() => LibraryConfig> {
  try {
    const { KubeConfig } = await import("@kubernetes/client-node");
    return () => new KubeConfig() as unknown as LibraryConfig;
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
    throw new Error(`the kubeconfig ${files.join(", ")} cannot be read: ${messageOf(error)}`, { cause: error });
  }
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

/** kubectl shows the same: where to get the program that is missing. */
function withInstallHint(error: unknown, user: KubeconfigUser | undefined): unknown {
  const { command, installHint } = user?.exec ?? {};
  if (!command || (error as NodeJS.ErrnoException).code !== "ENOENT") return error;
  const hint = installHint ? `: ${installHint.trim()}` : "";
  return new Error(`the program ${command} that gives credentials is not there${hint}`, { cause: error });
}

function credentialsOf(server: URL, options: RequestOptions, proxied: boolean): Credentials {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (typeof value === "string") headers[name.toLowerCase()] = value.trim();
  }
  if (options.auth) headers.authorization = `Basic ${Buffer.from(options.auth).toString("base64")}`;
  const { ca, cert, key, servername, rejectUnauthorized } = options as TlsSettings;
  return {
    server,
    headers,
    tls: {
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
      ...(servername && { servername }),
      ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
    },
    ...(proxied && { proxy: options.agent as Agent }),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
