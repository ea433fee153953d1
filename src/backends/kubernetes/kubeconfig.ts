import type { Agent } from "node:http";
import type { RequestOptions } from "node:https";
import type { ClusterAccess, Credentials, TlsSettings } from "./access.js";

export interface KubeconfigOptions {
  /** Default: the files of $KUBECONFIG, else ~/.kube/config. */
  readonly file?: string | undefined;
  /** Default: the file's current context. */
  readonly context?: string | undefined;
}

/** What is used of the KubeConfig of @kubernetes/client-node. Structural, so that no type of ours needs the library. */
interface KubeConfig {
  readonly contexts: readonly { readonly name: string; readonly cluster: string; readonly namespace?: string }[];
  readonly clusters: readonly { name: string; server: string; proxyUrl?: string; skipTLSVerify: boolean }[];
  loadFromDefault(): void;
  loadFromFile(file: string): void;
  setCurrentContext(name: string): void;
  getCurrentContext(): string;
  applyToHTTPSOptions(options: RequestOptions): Promise<void>;
}

/**
 * The access a kubeconfig describes, read by `@kubernetes/client-node`: client certificates, tokens, exec plugins, OIDC.
 * @throws Error that says what to install, or what is wrong with the file.
 */
export async function kubeconfigAccess({ file, context }: KubeconfigOptions = {}): Promise<ClusterAccess> {
  const load = await loader();
  const read = (): KubeConfig => {
    const config = load();
    if (file === undefined) config.loadFromDefault();
    else config.loadFromFile(file);
    if (context !== undefined) config.setCurrentContext(context);
    for (const cluster of config.clusters) {
      // The library refuses plain HTTP (kubectl proxy) unless certificates need not be checked; there are none.
      if (cluster.server.startsWith("http:")) cluster.skipTLSVerify = true;
    }
    return config;
  };

  let config = readOrExplain(read, file);
  const { name, namespace } = currentContext(config);
  return {
    source: `kubeconfig context ${JSON.stringify(name)}`,
    namespace,
    async credentials() {
      const cluster = currentCluster(config);
      const server = new URL(cluster.server);
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      return credentialsOf(server, options, cluster.proxyUrl !== undefined);
    },
    // The library holds on to what exec plugins and token files gave it; a fresh one asks them again.
    forget() {
      config = readOrExplain(read, file);
    },
  };
}

async function loader(): Promise<() => KubeConfig> {
  try {
    const { KubeConfig } = await import("@kubernetes/client-node");
    return () => new KubeConfig() as KubeConfig;
  } catch (error) {
    throw new Error(
      'k8s: targets outside a pod read a kubeconfig with the package "@kubernetes/client-node", which cannot be ' +
        `loaded: npm install @kubernetes/client-node (${messageOf(error)})`,
      { cause: error },
    );
  }
}

function readOrExplain(read: () => KubeConfig, file: string | undefined): KubeConfig {
  try {
    return read();
  } catch (error) {
    const which = file ?? process.env.KUBECONFIG ?? "~/.kube/config";
    throw new Error(`the kubeconfig ${which} cannot be read: ${messageOf(error)}`, { cause: error });
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
