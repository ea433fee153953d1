/** Sections that are read and checked for what is to obey them: go-zero's DevServer and Prometheus, and snapshots. */
import { z } from "zod";
import { DEV_SERVER_DEFAULTS, PROMETHEUS_DEFAULTS, SNAPSHOT_DEFAULTS } from "../../defaults.js";
import { duration, flag, listenPort, type Notation, optionalText, urlPath } from "./fields.js";

const host = () => z.string({ error: "expected a host to listen on, empty for all interfaces" });

/** go-zero's devserver.Config: an HTTP server of its own for metrics and health. Started when the section is there. */
export const devServerConfig = z.object({
  /** Default true: the section's presence switches it on. */
  Enabled: flag(DEV_SERVER_DEFAULTS.Enabled),
  /** Host to listen on. Default all interfaces. */
  Host: host().default(DEV_SERVER_DEFAULTS.Host),
  /** Default 6060. */
  Port: listenPort().default(DEV_SERVER_DEFAULTS.Port),
  /** Default /metrics. */
  MetricsPath: urlPath().default(DEV_SERVER_DEFAULTS.MetricsPath),
  /** Default /healthz. */
  HealthPath: urlPath().default(DEV_SERVER_DEFAULTS.HealthPath),
  /** Default true. */
  EnableMetrics: flag(DEV_SERVER_DEFAULTS.EnableMetrics),
  /** Accepted: Node has no pprof. Default true. */
  EnablePprof: flag(DEV_SERVER_DEFAULTS.EnablePprof),
  /** The body of a healthy answer. Default OK. */
  HealthResponse: z.string({ error: "expected text" }).default(DEV_SERVER_DEFAULTS.HealthResponse),
});

/** go-zero's prometheus.Config: the older way to metrics. Started when Host is given. */
export const prometheusConfig = z.object({
  /** Host to listen on. Default none: off. */
  Host: host().default(PROMETHEUS_DEFAULTS.Host),
  /** Default 9101. */
  Port: listenPort().default(PROMETHEUS_DEFAULTS.Port),
  /** Default /metrics. */
  Path: urlPath().default(PROMETHEUS_DEFAULTS.Path),
});

/** The last known set of a target on disk. */
export const snapshotConfig = (notation: Notation) =>
  z.object({
    /** Folder of the files. Default `$ROLLCALL_SNAPSHOT_DIR`, then the user's cache folder. */
    Dir: optionalText("the path of a folder").refine((dir) => !dir?.startsWith("~/"), {
      error: "expected the whole path of a folder: ~ means the home folder to shells only",
    }),
    /** Older snapshots are not used, in milliseconds. Default 7 days. */
    MaxAge: duration(notation)
      .refine((ms) => ms > 0, { error: "expected more than 0" })
      .default(SNAPSHOT_DEFAULTS.MaxAge),
  });
