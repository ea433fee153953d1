import type { Certificate } from "./certificate.js";
import { Listener, type ListenerOptions, type Request, type Response } from "./listener.js";
import { bookmarkAt, type SliceManifest, SliceStore, type SliceWatch, type StoredSlice, selector } from "./slices.js";
import { failure, type Reply } from "./status.js";

/** What happened at the API, in the order it happened. */
export interface ApiRequest {
  readonly verb: "list" | "watch";
  readonly namespace: string;
  readonly query: Readonly<Record<string, string>>;
  readonly protocol: string;
  readonly status: number;
  /** Whom the request is made for: its Impersonate headers. */
  readonly actsAs: Readonly<Record<string, string>>;
}

export interface KubeApiOptions extends ListenerOptions {
  /** A path that precedes every other, like that of a cluster manager. */
  readonly base?: string;
}

/**
 * Stands in for kube-apiserver: its answers to list and watch of EndpointSlices, byte for byte of the same form, with
 * etcd's revisions as versions, RBAC, bearer tokens, and the ways it fails. What a process crash keeps (etcd) and loses
 * (the history of versions) is kept and lost by `stop()` and `start()` too.
 * After https://kubernetes.io/docs/reference/using-api/api-concepts/
 */
export class KubeApiServer {
  readonly #options: KubeApiOptions;
  readonly #listener: Listener;
  readonly #store = new SliceStore();
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
  /** The ERROR event that a watch from this version gets in place of others, and ends with; undefined lets it be. */
  poison: ((from: number) => object | undefined) | undefined;
  /** Ends watches after this many milliseconds, whatever they asked for. */
  watchMs: number | undefined;

  constructor(options: KubeApiOptions = {}) {
    this.#options = options;
    this.#listener = new Listener(options, {
      request: (request, response) => this.#handle(request, response),
      closed: () => this.#wake(),
    });
  }

  get certificate(): Certificate {
    return this.#listener.certificate;
  }

  get port(): number {
    return this.#listener.port;
  }

  get url(): string {
    return this.#listener.url;
  }

  get version(): number {
    return this.#store.version;
  }

  get watches(): number {
    return this.#store.watches.size;
  }

  get connections(): number {
    return this.#listener.connections;
  }

  start(): Promise<void> {
    return this.#listener.start();
  }

  /** Dies as a killed process does. What is stored stays, the history of versions does not. */
  async stop(): Promise<void> {
    if (!this.#listener.listening) return;
    await this.#listener.stop();
    this.#store.watches.clear();
    this.expire();
  }

  /** Cuts every connection. */
  dropConnections(): void {
    this.#listener.dropConnections();
  }

  /** Asks HTTP/2 clients to make new requests elsewhere, as API servers do to spread them; watches go on. */
  goAway(): void {
    this.#listener.goAway();
  }

  /** Ends every watch in good order, as at its timeout. */
  endWatches(): void {
    for (const watch of this.#store.watches) watch.end();
  }

  /** Compacts: no version older than the present one can be watched from, no page of an older list be had. */
  expire(): void {
    this.#store.expire();
  }

  /** The cluster is restored from a backup: the same objects at lower versions. */
  restore(version: number): void {
    this.#store.restore(version);
  }

  apply(slice: SliceManifest): void {
    this.#store.apply(slice);
  }

  delete(namespace: string, name: string): void {
    this.#store.delete(namespace, name);
  }

  /** Sends a bookmark to every watch. */
  bookmark(): void {
    for (const watch of this.#store.watches) watch.send("BOOKMARK", bookmarkAt(this.#store.version));
  }

  /** Sends an ERROR event to every watch, and ends it. */
  fail(status: object): void {
    for (const watch of this.#store.watches) {
      watch.send("ERROR", status);
      watch.end();
    }
  }

  /** Something that is in use only by other objects: the version goes up, nothing here changes. */
  changeElsewhere(): void {
    this.#store.changeElsewhere();
  }

  /** Resolves when the condition holds, looked at after every request and every watch that begins or ends. */
  async until(condition: (server: this) => boolean): Promise<void> {
    while (!condition(this)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #handle(request: Request, response: Response): void {
    const url = new URL(request.url, "http://unused");
    const base = this.#options.base ?? "";
    const path = url.pathname.startsWith(base) ? url.pathname.slice(base.length) : "";
    const query = Object.fromEntries(url.searchParams);
    const verb = query.watch === "1" || query.watch === "true" ? "watch" : "list";
    const namespace = /^\/apis\/discovery\.k8s\.io\/v1\/namespaces\/([^/]+)\/endpointslices$/.exec(path)?.[1];
    const refusal = this.refusals.shift() ?? this.#refusal(request, verb, namespace);
    const reply = refusal ?? (verb === "list" ? this.#store.list(namespace!, query) : this.#expired(query));
    const status = reply?.status ?? 200;
    const actsAs = Object.fromEntries(
      Object.entries(request.headers).flatMap(([name, value]) =>
        name.startsWith("impersonate-") ? [[name, String(value)]] : [],
      ),
    );
    this.requests.push({ verb, namespace: namespace ?? "", query, protocol: request.httpVersion, status, actsAs });
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

  #expired({ resourceVersion }: Record<string, string>): Reply | undefined {
    if (this.expiredAs === "event" || !this.#tooOld(Number(resourceVersion))) return undefined;
    return failure(410, "Expired", `too old resource version: ${resourceVersion} (${this.#store.oldest})`);
  }

  #tooOld(version: number): boolean {
    return version < this.#store.oldest;
  }

  #watch(namespace: string, query: Record<string, string>, response: Response): void {
    // As with a real server the head goes out at once.
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders?.();

    const from = Number(query.resourceVersion);
    const watch: SliceWatch = {
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
      if (this.#store.watches.delete(watch)) this.#wake();
    };
    const timer = setTimeout(
      () => {
        watch.send("BOOKMARK", bookmarkAt(this.#store.version));
        watch.end();
      },
      this.watchMs ?? Number(query.timeoutSeconds) * 1_000,
    );
    response.on("close", finish);
    this.#store.watches.add(watch);

    if (this.#tooOld(from)) {
      watch.send("ERROR", failure(410, "Expired", `too old resource version: ${from} (${this.#store.oldest})`).body);
      watch.end();
      return;
    }
    const error = this.poison?.(from);
    if (error) {
      watch.send("ERROR", error);
      watch.end();
      return;
    }
    this.#store.replay(watch, from);
  }
}
