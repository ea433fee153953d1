/** What a client process says of itself in the registry, so that it can be seen who calls whom. */
export interface ClientPresence extends ProcessFacts {
  /** Service keys that it has clients of, in order. */
  readonly calls: readonly string[];
}

export interface ProcessFacts {
  /** Names of its servers, else its script. */
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** What it serves itself. */
  readonly serves: readonly ServedInstance[];
  /** Where its metrics are read: `http://host:port/path` each, of its DevServer and Prometheus sections. */
  readonly metrics: readonly string[];
}

export interface ServedInstance {
  /** Service key. */
  readonly service: string;
  /** As registered. */
  readonly address: string;
}

/** Rises when a field changes its meaning or goes; new fields may come without. */
const SCHEMA = 1;
/** What is longer was written by somebody else. */
const MOST_BYTES = 256 * 1024;
/** So much of a list is read. */
const MOST_ITEMS = 10_000;

export function writePresence(presence: ClientPresence): Buffer {
  return Buffer.from(JSON.stringify({ schema: SCHEMA, ...presence }));
}

/** Undefined for what is none: anybody who may write there may have written it. */
export function readPresence(value: Buffer): ClientPresence | undefined {
  if (value.length > MOST_BYTES) return undefined;
  let read: Record<string, unknown>;
  try {
    read = JSON.parse(value.toString());
  } catch {
    return undefined;
  }
  if (typeof read !== "object" || read === null || !Array.isArray(read.calls)) return undefined;
  return {
    name: text(read.name),
    host: text(read.host),
    pid: number(read.pid),
    startedAt: number(read.startedAt),
    calls: items(read.calls).map(text).filter(Boolean),
    serves: items(read.serves).flatMap((one) => {
      const { service, address } = (one ?? {}) as Record<string, unknown>;
      return text(service) && text(address) ? [{ service: text(service), address: text(address) }] : [];
    }),
    metrics: items(read.metrics).map(text).filter(isMetricsUrl),
  };
}

function items(value: unknown): unknown[] {
  return Array.isArray(value) ? value.slice(0, MOST_ITEMS) : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value.slice(0, 1_000) : "";
}

function number(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

function isMetricsUrl(url: string): boolean {
  try {
    const { protocol, username, password, search } = new URL(url);
    return protocol === "http:" && username + password + search === "";
  } catch {
    return false;
  }
}
