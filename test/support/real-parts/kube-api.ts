import { once } from "node:events";
import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from "node:http";
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { type Certificate, selfSigned } from "./kube-certificate.js";

/** An EndpointSlice as a test writes it. */
export interface SliceManifest {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly addressType: string;
  readonly endpoints?: readonly unknown[] | null;
  readonly ports?: readonly unknown[] | null;
}

type StoredSlice = SliceManifest & { readonly metadata: { readonly resourceVersion: string } };
type EventType = "ADDED" | "MODIFIED" | "DELETED";

interface Change {
  readonly version: number;
  readonly before: StoredSlice | undefined;
  readonly after: StoredSlice | undefined;
}

interface Watch {
  readonly matches: (slice: SliceManifest) => boolean;
  readonly send: (type: EventType | "BOOKMARK" | "ERROR", object: unknown) => void;
  readonly end: () => void;
}

/** What happened at the API, in the order it happened. */
export interface ApiRequest {
  readonly verb: "list" | "watch";
  readonly namespace: string;
  readonly query: Readonly<Record<string, string>>;
  readonly protocol: string;
  readonly status: number;
}

export interface KubeApiOptions {
  /** Speak plain HTTP/1.1, like `kubectl proxy`. */
  readonly plain?: boolean;
  /** Offer HTTP/1.1 only, like some proxies. */
  readonly http1?: boolean;
  /** How many requests an HTTP/2 connection may have under way. */
  readonly maxStreams?: number;
  /** A path that precedes every other, like that of a cluster manager. */
  readonly base?: string;
}

type Reply = { readonly status: number; readonly body: unknown };
type Request = Pick<Http2ServerRequest, "url" | "headers" | "httpVersion">;
/** What the answers of HTTP/1.1 and HTTP/2 have in common. */
interface Response {
  writeHead(status: number, headers: Record<string, string>): unknown;
  flushHeaders?(): void;
  write(text: string): unknown;
  end(text?: string): unknown;
  on(event: "close", listener: () => void): unknown;
}

/**
 * Stands in for kube-apiserver: its answers to list and watch of EndpointSlices, byte for byte of the same form, with
 * etcd's revisions as versions, RBAC, bearer tokens, and the ways it fails. What a process crash keeps (etcd) and loses
 * (the history of versions) is kept and lost by `stop()` and `start()` too.
 * After https://kubernetes.io/docs/reference/using-api/api-concepts/
 */
export class KubeApiServer {
  readonly certificate: Certificate;
  readonly #options: KubeApiOptions;
  #server: Http2SecureServer | HttpServer | undefined;
  #port = 0;
  #sockets = new Set<Socket>();
  #sessions = new Set<ServerHttp2Session>();
  #slices = new Map<string, StoredSlice>();
  #version = 1_000;
  /** Versions from here on can be watched from. */
  #oldest = this.#version;
  #history: Change[] = [];
  #watches = new Set<Watch>();
  #pages = new Map<string, { readonly version: number; readonly rest: readonly StoredSlice[] }>();
  #waiting: (() => void)[] = [];

  readonly requests: ApiRequest[] = [];
  /** Tokens that are accepted, and what their bearers may do. */
  readonly tokens = new Map<string, readonly string[]>([["reader", ["get", "list", "watch"]]]);
  /** Authorization headers other than tokens that are accepted, likewise. */
  readonly logins = new Map<string, readonly string[]>();
  /** How a watch from a version that is too old is refused; real servers do either. */
  expiredAs: "status" | "event" = "event";
  /** The next requests get these answers instead of their own; undefined lets one pass. */
  readonly refusals: (Reply | undefined)[] = [];
  /** Called with each line of a watch before it is sent; returns the bytes to send instead, in pieces. */
  garble: ((line: string) => string[]) | undefined;
  /** Ends watches after this many milliseconds, whatever they asked for. */
  watchMs: number | undefined;

  constructor(options: KubeApiOptions = {}) {
    this.#options = options;
    this.certificate = options.plain ? { cert: "", key: "" } : selfSigned();
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `${this.#options.plain ? "http" : "https"}://127.0.0.1:${this.#port}`;
  }

  get version(): number {
    return this.#version;
  }

  get watches(): number {
    return this.#watches.size;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async start(): Promise<void> {
    const server = this.#serve((request, response) => this.#handle(request, response));
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        this.#wake();
      });
      socket.on("error", () => {});
    });
    server.on("session", (session: ServerHttp2Session) => {
      this.#sessions.add(session);
      session.on("close", () => this.#sessions.delete(session));
    });
    server.on("sessionError", () => {});
    server.on("tlsClientError", () => {});
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Dies as a killed process does. What is stored stays, the history of versions does not. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = once(server, "close");
    server.close();
    this.dropConnections();
    await closed;
    this.#watches.clear();
    this.expire();
  }

  /** Cuts every connection. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Asks HTTP/2 clients to make new requests elsewhere, as API servers do to spread them; watches go on. */
  goAway(): void {
    for (const session of this.#sessions) session.close();
  }

  /** Ends every watch in good order, as at its timeout. */
  endWatches(): void {
    for (const watch of this.#watches) watch.end();
  }

  /** Compacts: no version older than the present one can be watched from, no page of an older list be had. */
  expire(): void {
    this.#oldest = this.#version;
    this.#history = [];
    this.#pages.clear();
  }

  /** The cluster is restored from a backup: the same objects at lower versions. */
  restore(version: number): void {
    this.#version = version;
    this.expire();
    for (const [key, slice] of this.#slices) this.#slices.set(key, stored(slice, version));
  }

  apply(slice: SliceManifest): void {
    const key = keyOf(slice.metadata);
    this.#commit(key, stored(slice, this.#version + 1));
  }

  delete(namespace: string, name: string): void {
    this.#commit(keyOf({ namespace, name }), undefined);
  }

  /** Sends a bookmark to every watch. */
  bookmark(): void {
    for (const watch of this.#watches) watch.send("BOOKMARK", bookmarkAt(this.#version));
  }

  /** Sends an ERROR event to every watch, and ends it. */
  fail(status: object): void {
    for (const watch of this.#watches) {
      watch.send("ERROR", status);
      watch.end();
    }
  }

  /** Something that is in use only by other objects: the version goes up, nothing here changes. */
  changeElsewhere(): void {
    this.#version += 1;
  }

  /** Resolves when the condition holds, looked at after every request and every watch that begins or ends. */
  async until(condition: (server: this) => boolean): Promise<void> {
    while (!condition(this)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #serve(handle: (request: Request, response: Response) => void): Http2SecureServer | HttpServer {
    const { cert, key } = this.certificate;
    if (this.#options.plain) return createHttpServer(handle as RequestListener);
    if (this.#options.http1) return createHttpsServer({ cert, key }, handle as RequestListener);
    const { maxStreams } = this.#options;
    return createSecureServer(
      { cert, key, ...(maxStreams && { settings: { maxConcurrentStreams: maxStreams } }) },
      handle as (request: Http2ServerRequest, response: Http2ServerResponse) => void,
    );
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #commit(key: string, after: StoredSlice | undefined): void {
    const before = this.#slices.get(key);
    if (!before && !after) return;
    this.#version += 1;
    if (after) this.#slices.set(key, after);
    else this.#slices.delete(key);
    const change = { version: this.#version, before, after };
    this.#history.push(change);
    for (const watch of this.#watches) tell(watch, change);
  }

  #handle(request: Request, response: Response): void {
    const url = new URL(request.url, "http://unused");
    const base = this.#options.base ?? "";
    const path = url.pathname.startsWith(base) ? url.pathname.slice(base.length) : "";
    const query = Object.fromEntries(url.searchParams);
    const verb = query.watch === "1" || query.watch === "true" ? "watch" : "list";
    const namespace = /^\/apis\/discovery\.k8s\.io\/v1\/namespaces\/([^/]+)\/endpointslices$/.exec(path)?.[1];
    const refusal = this.refusals.shift() ?? this.#refusal(request, verb, namespace);
    const reply = refusal ?? (verb === "list" ? this.#list(namespace!, query) : this.#expired(query));
    const status = reply?.status ?? 200;
    this.requests.push({ verb, namespace: namespace ?? "", query, protocol: request.httpVersion, status });
    if (reply) {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body));
    } else {
      this.#watch(namespace!, query, response);
    }
    this.#wake();
  }

  #refusal(request: Request, verb: string, namespace: string | undefined): Reply | undefined {
    const { authorization = "" } = request.headers;
    // kubectl proxy has credentials of its own.
    const sent = this.#options.plain ? "Bearer reader" : authorization;
    const verbs = this.logins.get(sent) ?? this.tokens.get(/^Bearer (.+)$/.exec(sent)?.[1] ?? "");
    if (!verbs) return failure(401, "Unauthorized", "Unauthorized");
    if (namespace === undefined) return failure(404, "NotFound", "the server could not find the requested resource");
    if (verbs.includes(verb)) return undefined;
    return failure(
      403,
      "Forbidden",
      `endpointslices.discovery.k8s.io is forbidden: User "system:serviceaccount:${namespace}:default" cannot ${verb} ` +
        `resource "endpointslices" in API group "discovery.k8s.io" in the namespace "${namespace}"`,
    );
  }

  #list(namespace: string, query: Record<string, string>): Reply {
    let version = this.#version;
    let rest: readonly StoredSlice[];
    if (query.continue) {
      const page = this.#pages.get(query.continue);
      if (!page)
        return failure(
          410,
          "Expired",
          "The provided continue parameter is too old to display a consistent list result.",
        );
      ({ version, rest } = page);
    } else {
      const matches = selector(namespace, query.labelSelector);
      rest = [...this.#slices.entries()]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, slice]) => slice)
        .filter(matches);
    }
    const limit = Number(query.limit ?? 0) || rest.length;
    const left = rest.slice(limit);
    const next =
      left.length > 0 ? Buffer.from(`${version}/${left.length}/${this.#pages.size}`).toString("base64") : undefined;
    if (next) this.#pages.set(next, { version, rest: left });
    const metadata = {
      resourceVersion: `${version}`,
      ...(next && { continue: next, remainingItemCount: left.length }),
    };
    return {
      status: 200,
      body: { kind: "EndpointSliceList", apiVersion: "discovery.k8s.io/v1", metadata, items: rest.slice(0, limit) },
    };
  }

  #expired({ resourceVersion }: Record<string, string>): Reply | undefined {
    if (this.expiredAs === "event" || !this.#tooOld(Number(resourceVersion))) return undefined;
    return failure(410, "Expired", `too old resource version: ${resourceVersion} (${this.#oldest})`);
  }

  #tooOld(version: number): boolean {
    return version < this.#oldest;
  }

  #watch(namespace: string, query: Record<string, string>, response: Response): void {
    // As with a real server the head goes out at once.
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders?.();

    const from = Number(query.resourceVersion);
    const watch: Watch = {
      matches: selector(namespace, query.labelSelector),
      send: (type, object) => {
        if (type === "BOOKMARK" && query.allowWatchBookmarks !== "true") return;
        // A watch from a version that is yet to come waits for it.
        if (type !== "ERROR" && Number((object as StoredSlice).metadata.resourceVersion) <= from) return;
        const line = `${JSON.stringify({ type, object })}\n`;
        for (const piece of this.garble?.(line) ?? [line]) response.write(piece);
      },
      end: () => {
        finish();
        response.end();
      },
    };
    const finish = () => {
      clearTimeout(timer);
      if (this.#watches.delete(watch)) this.#wake();
    };
    const timer = setTimeout(
      () => {
        watch.send("BOOKMARK", bookmarkAt(this.#version));
        watch.end();
      },
      this.watchMs ?? Number(query.timeoutSeconds) * 1_000,
    );
    response.on("close", finish);
    this.#watches.add(watch);

    if (this.#tooOld(from)) {
      watch.send("ERROR", failure(410, "Expired", `too old resource version: ${from} (${this.#oldest})`).body);
      watch.end();
      return;
    }
    for (const change of this.#history) if (change.version > from) tell(watch, change);
  }
}

/** What a watch that sees only some of the objects is told of a change. */
function tell({ matches, send }: Watch, { version, before, after }: Change): void {
  const [was, is] = [before !== undefined && matches(before), after !== undefined && matches(after)];
  if (is) send(was ? "MODIFIED" : "ADDED", after);
  else if (was) send("DELETED", stored(before!, version));
}

function selector(namespace: string, labels = ""): (slice: SliceManifest) => boolean {
  const wanted = labels
    .split(",")
    .filter(Boolean)
    .map((label) => label.split("=") as [string, string]);
  return ({ metadata }) =>
    metadata.namespace === namespace && wanted.every(([name, value]) => metadata.labels[name] === value);
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

function stored(slice: SliceManifest, version: number): StoredSlice {
  return {
    ...{ kind: "EndpointSlice", apiVersion: "discovery.k8s.io/v1" },
    ...slice,
    metadata: { ...slice.metadata, resourceVersion: `${version}` },
  };
}

function bookmarkAt(version: number): object {
  return {
    kind: "EndpointSlice",
    apiVersion: "discovery.k8s.io/v1",
    metadata: { resourceVersion: `${version}` },
    addressType: "",
    endpoints: null,
    ports: null,
  };
}

/** A Status object with its code. */
export function failure(code: number, reason: string, message: string): Reply {
  const body = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code };
  return { status: code, body };
}
