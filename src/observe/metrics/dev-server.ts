import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { DEV_SERVER_DEFAULTS, PROMETHEUS_DEFAULTS } from "../../defaults.js";
import { log } from "../../log.js";
import { checkNames, refuse } from "../../target/given.js";
import { type MetricsEndpoint, metricsEndpoints } from "../sources.js";
import { type PrometheusMetrics, prometheusMetrics } from "./prometheus.js";

/** go-zero's DevServer: metrics and health over HTTP, for scrapers and probes that come from outside. */
export interface DevServerSettings {
  /** false: nothing is served. Default true. */
  readonly Enabled?: boolean | undefined;
  /** Host to listen on. Default empty: all interfaces. */
  readonly Host?: string | undefined;
  /** 0 is any free port. Default 6060. */
  readonly Port?: number | undefined;
  /** Default /metrics. */
  readonly MetricsPath?: string | undefined;
  /** Default /healthz. */
  readonly HealthPath?: string | undefined;
  /** false: health alone. Default true. */
  readonly EnableMetrics?: boolean | undefined;
  /** Accepted: Node has no pprof. */
  readonly EnablePprof?: boolean | undefined;
  /** The body of a healthy answer. Default OK. */
  readonly HealthResponse?: string | undefined;
}

/** go-zero's older section: metrics alone, where Host is given. */
export interface PrometheusSettings {
  readonly Host?: string | undefined;
  readonly Port?: number | undefined;
  readonly Path?: string | undefined;
}

export interface DevServer {
  /** The port bound; undefined where it could not be, and with `Enabled: false`. */
  readonly port: number | undefined;
  close(): Promise<void>;
}

const NOT_SERVED: DevServer = { port: undefined, close: async () => {} };

/** An answer by path. */
type Routes = ReadonlyMap<string, (response: ServerResponse) => void | Promise<void>>;

/**
 * Serves metrics and health. Nothing else is served: what a process knows of others, and what acts, is for its own user alone
 * (src/observe/inspect/inspect.ts). Holds no process. A port that cannot be bound is logged and fails nothing, as with go-zero.
 * @param healthy whether the health path answers 200; else 503. Default always.
 * @throws TypeError for a setting that is not known, of another type than its default, or no port or path to serve at.
 */
export async function serveDevServer(
  settings: DevServerSettings,
  healthy: () => boolean = () => true,
): Promise<DevServer> {
  checkNames("serveDevServer", settings, Object.keys(DEV_SERVER_DEFAULTS));
  const whole = { ...DEV_SERVER_DEFAULTS, ...given(settings) };
  for (const [name, value] of Object.entries(DEV_SERVER_DEFAULTS)) {
    const asked = whole[name as keyof typeof whole];
    if (typeof asked !== typeof value) refuse(name, asked, `a ${typeof value}, as ${JSON.stringify(value)} is`);
  }
  const { Enabled, Host, Port, MetricsPath, HealthPath, EnableMetrics, HealthResponse } = whole;
  if (!Number.isInteger(Port) || Port < 0 || Port > 65_535) refuse("Port", Port, "a port from 0 to 65535");
  for (const [name, path] of Object.entries({ MetricsPath, HealthPath })) {
    if (!path.startsWith("/"))
      refuse(name, path, `a path that begins with /, as ${DEV_SERVER_DEFAULTS.MetricsPath} does`);
  }
  if (EnableMetrics && MetricsPath === HealthPath) refuse("HealthPath", HealthPath, "another path than MetricsPath is");
  if (!Enabled) return NOT_SERVED;
  const routes = new Map<string, (response: ServerResponse) => void | Promise<void>>();
  routes.set(HealthPath, (response) =>
    healthy() ? send(response, 200, HealthResponse) : send(response, 503, "Service Unavailable\n"),
  );
  if (EnableMetrics) routes.set(MetricsPath, await metricsRoute("DevServer"));
  return serve("DevServer", Host, Port, routes, EnableMetrics ? MetricsPath : undefined);
}

/** The older way to metrics: go-zero's `Prometheus`. Off without a Host. */
export async function servePrometheus(settings: PrometheusSettings): Promise<DevServer | undefined> {
  const { Host, Port, Path } = { ...PROMETHEUS_DEFAULTS, ...given(settings) };
  if (Host === "") return undefined;
  return serve("Prometheus", Host, Port, new Map([[Path, await metricsRoute("Prometheus")]]), Path);
}

function given<T extends object>(settings: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as never;
}

/** Without the exporter the path says what is missing, and the rest is served all the same. */
async function metricsRoute(section: string): Promise<(response: ServerResponse) => void | Promise<void>> {
  let metrics: PrometheusMetrics;
  try {
    metrics = await prometheusMetrics();
  } catch (error) {
    const { message } = error as Error;
    log.error({ section, err: error }, `${section} cannot serve metrics: ${message}`);
    return (response) => send(response, 501, `${message}\n`);
  }
  return async (response) => send(response, 200, await metrics.text(), metrics.contentType);
}

/** @param metricsPath where metrics are, if they are served. */
async function serve(
  section: string,
  host: string,
  port: number,
  routes: Routes,
  metricsPath: string | undefined,
): Promise<DevServer> {
  const server = createServer((request, response) => {
    answer(routes, request, response).catch((error: Error) => {
      log.error({ section, err: error }, `${section} could not answer`);
      response.destroy();
    });
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  server.on("connection", (socket) => socket.unref());
  server.unref();
  try {
    await listening(server, host, port);
  } catch (error) {
    const { message, code = "" } = error as NodeJS.ErrnoException;
    const isPort = code === "EADDRINUSE" || code === "EACCES";
    const advice = isPort
      ? `set another ${section}.Port`
      : `${section}.Host is to be an address of this machine, or empty`;
    log.error({ section, host, port, err: error }, `${section} cannot listen: ${message}; ${advice}`);
    return NOT_SERVED;
  }
  const bound = (server.address() as AddressInfo).port;
  log.info({ section, host: host || "::", port: bound, paths: [...routes.keys()] }, `${section} is served over HTTP`);
  const endpoint: MetricsEndpoint | undefined =
    metricsPath === undefined ? undefined : { host, port: bound, path: metricsPath };
  if (endpoint) metricsEndpoints.add(endpoint);
  return {
    port: bound,
    close: () => {
      if (endpoint) metricsEndpoints.delete(endpoint);
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Paths that are not known tell those that are, as go-zero's do. */
async function answer(routes: Routes, { url = "/", method }: IncomingMessage, response: ServerResponse): Promise<void> {
  if (method !== "GET" && method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    return send(response, 405, "");
  }
  const route = routes.get(url.replace(/\?.*$/s, ""));
  if (route) await route(response);
  else send(response, 200, JSON.stringify([...routes.keys()]), "application/json");
}

function send(response: ServerResponse, status: number, body: string, type = "text/plain; charset=utf-8"): void {
  response.writeHead(status, { "content-type": type, "x-content-type-options": "nosniff" });
  response.end(body);
}

/**
 * An empty host is all interfaces, over IPv6 and IPv4; over IPv4 alone where the machine has no IPv6. go-zero's files write an
 * IPv6 address in brackets, Node takes it without.
 */
function listening(server: Server, host: string, port: number): Promise<void> {
  const listen = (on: string | undefined) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, on, () => {
        server.off("error", reject);
        resolve();
      });
    });
  return listen(host.replace(/^\[|\]$/g, "") || undefined);
}
