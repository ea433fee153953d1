import type { SliceManifest } from "../support/real-parts/kube/slices.js";
import { KubeApiServer } from "../support/real-parts/kube/stand-in.js";

/** What a scenario asks of a cluster, real or not. Its API listens on 127.0.0.1 and speaks TLS. */
export interface Cluster {
  readonly name: string;
  readonly port: number;
  /** The certificate authority, PEM. */
  readonly ca: string;
  /** The namespace that the scenario has to itself. */
  readonly namespace: string;
  /** The token of an account that may get, list and watch EndpointSlices in the namespace, or may do nothing. */
  token(account: "reader" | "nobody"): Promise<string>;
  /** Creates or replaces a slice. */
  apply(slice: SliceManifest): Promise<void>;
  delete(slice: string): Promise<void>;
  /** Kills the API server; what it has stored stays. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function standIn(): Promise<Cluster> {
  const server = new KubeApiServer();
  server.tokens.set("nobody", []);
  await server.start();
  const namespace = "shop";
  return {
    name: "stand-in",
    port: server.port,
    ca: server.certificate.cert,
    namespace,
    token: async (account) => account,
    apply: async (slice) => server.apply(slice),
    delete: async (slice) => server.delete(namespace, slice),
    stop: () => server.stop(),
    start: () => server.start(),
    close: () => server.stop(),
  };
}
