import type { Agent } from "node:http";

/** How to reach a cluster's API server, and as whom. */
export interface ClusterAccess {
  /** Where the access comes from, for messages. */
  readonly source: string;
  /** The namespace that goes with it, if any. */
  readonly namespace: string | undefined;
  /**
   * What the next request needs, read anew each time because tokens and certificates are replaced while we run.
   * @throws Error that says which file or setting is at fault.
   */
  credentials(): Promise<Credentials>;
  /** The server did not accept these credentials: what is cached of them is worthless, unless it was replaced meanwhile. */
  forget(refused: Credentials): void;
  /** Nobody needs credentials at present: what runs to get some is ended. */
  rest(): void;
}

export interface Credentials {
  /** Its path, if any, precedes every request's. */
  readonly server: URL;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly tls: TlsSettings;
  /** Carries the requests where the cluster is behind a proxy. */
  readonly proxy?: Agent;
}

export interface TlsSettings {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}
