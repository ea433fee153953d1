import { type EtcdSettings, etcdSettings } from "../../backends/etcd/index.js";
import { servicePath } from "../../backends/etcd/layout/layout.js";
import { registerBuiltInBackends } from "../../backends/index.js";
import { ConfigError, type ConfigProblem, describeProblem, keyPath } from "../../config/config-error.js";
import { targetOfClient } from "../../config/schema/client-target.js";
import type { EtcdConfig } from "../../config/schema/etcd-config.js";
import { targetOfEtcd } from "../../config/schema/etcd-target.js";
import type { RpcClientConfig } from "../../config/schema/rpc-client-config.js";
import type { RpcServerConfig } from "../../config/schema/rpc-server-config.js";
import { resolvedInstances } from "../registry/instances.js";
import { type Check, failed, note, ok, orFailed, warning } from "./check.js";
import { checkInstances, checkTarget } from "./check-client.js";
import { askEtcd, checkListing, checkWriting } from "./check-etcd.js";
import { checkTlsFiles } from "./check-files.js";
import { checkAdvertised } from "./check-server.js";
import { checkSnapshot } from "./check-snapshot.js";
import { type Reading, readSections } from "./read-sections.js";
import type { Section } from "./sections.js";

/** Looks at a configuration file and at everything it names, as far as that can be seen from this machine. */
export async function* examine(file: string): AsyncGenerator<Check> {
  registerBuiltInBackends(); // a Target is read with the file
  let read: Awaited<ReturnType<typeof readSections>>;
  try {
    read = await readSections(file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    yield* error.problems.map((problem) => failed(...placeAndMessage(file, problem)));
    return;
  }
  const { readings, warnings } = read;
  yield* describeReadings(file, readings, warnings);
  const etcds = new Set<string>();
  for (const reading of readings) {
    const where = nameOf(reading, file);
    yield* orFailed(where, examineSection(where, reading, etcds));
  }
}

/** What can be said of the file before anything in it is tried. */
function* describeReadings(
  file: string,
  readings: readonly Reading[],
  ofFile: readonly ConfigProblem[],
): Generator<Check> {
  // What several sections inherit, and what holds for the file as a whole, is told once.
  const told = new Set<string>();
  const isNew = ({ key, line, column, message }: ConfigProblem) => {
    const place = JSON.stringify([line ?? key, column, message]);
    const isNew = !told.has(place);
    told.add(place);
    return isNew;
  };
  const problems = readings.flatMap((reading) => (reading.outcome === "refused" ? reading.problems : []));
  yield* problems.filter(isNew).map((problem) => failed(...placeAndMessage(file, problem)));
  const read = readings.filter(({ outcome }) => outcome === "server" || outcome === "client");
  const warnings = [...readings.flatMap((reading) => ("warnings" in reading ? reading.warnings : [])), ...ofFile];
  yield* warnings.filter(isNew).map((problem) => warning(...placeAndMessage(file, problem)));
  if (read.length > 0) yield ok(file, `can be read: ${read.map(({ section }) => describeSection(section)).join(", ")}`);
  else if (problems.length === 0) {
    yield failed(file, "has no server and no client", "a server has ListenOn, a client has Endpoints, Target or Etcd");
  }
}

async function* examineSection(where: string, reading: Reading, etcds: Set<string>): AsyncGenerator<Check> {
  switch (reading.outcome) {
    case "server":
      yield* checkServer(where, reading.config, etcds);
      break;
    case "client":
      yield* checkClient(where, reading.config, etcds);
      break;
    case "foreign": {
      const own = reading.problems.filter(({ key }) => key !== "");
      const against = own.map((problem) => placeAndMessage("", problem)[1]).join("; ");
      const message = `looks like no ${reading.section.kind} of Rollcall's, and is not examined`;
      yield note(where, message, `if it is one: ${against}`);
      break;
    }
    case "template":
      yield note(where, "is a template of others: what they take of it is examined there, and nothing else of it");
      break;
    case "list":
      yield note(
        where,
        `looks like a list of ${reading.section.kind}s, and is not examined`,
        "if it is one: a client in a list has a name that ends with Rpc, or an Etcd with Hosts and Key",
      );
      break;
    case "refused": // told with the file
  }
}

async function* checkServer(where: string, config: RpcServerConfig, etcds: Set<string>): AsyncGenerator<Check> {
  yield* checkAdvertised(config, where);
  if (config.Etcd) yield* checkEtcd(where, config.Etcd, "server", etcds, config);
}

async function* checkClient(where: string, config: RpcClientConfig, etcds: Set<string>): AsyncGenerator<Check> {
  const { Endpoints, Target, Etcd } = config;
  const named = targetOfClient(config);
  if (Endpoints) yield* await checkTarget(where, "Endpoints", named, "start the server, or correct Endpoints");
  else if (Target) yield* await checkTarget(where, "Target", named, "correct Target, or see to what it names");
  else if (Etcd) yield* checkEtcd(where, Etcd, "client", etcds);
  if (config.Snapshot) yield await checkSnapshot(where, config.Snapshot, named.target);
}

/** @param seen clusters whose hosts and files have been checked already */
async function* checkEtcd(
  where: string,
  config: EtcdConfig,
  kind: Section["kind"],
  seen: Set<string>,
  server?: RpcServerConfig,
): AsyncGenerator<Check> {
  const { target } = targetOfEtcd(config);
  const settings = etcdSettings(target);
  const isNew = !seen.has(clusterOf(settings));
  seen.add(clusterOf(settings));
  if (isNew) {
    const files = await checkTlsFiles(`${where}.Etcd`, config);
    yield* files;
    if (files.some(({ outcome }) => outcome === "failed")) return;
  }
  const key = servicePath(settings, config.Key);
  const { checks, listing } = await askEtcd(settings, key);
  if (isNew) yield* checks;
  if (!listing) return;
  yield* checkListing(where, key, listing, kind);
  if (server) {
    const { Weight, Zone, Metadata } = server;
    const attributes = Weight !== undefined || Zone !== undefined || Metadata !== undefined;
    yield* await checkWriting(where, settings, key, attributes);
  }
  if (!listing.registrations.some(({ instance }) => instance)) return;
  // What is advertised is of use only where it can be reached.
  const found = await resolvedInstances(target).catch((error: Error) => error);
  if (found instanceof Error) yield failed(`${where} key ${key}`, found.message);
  else {
    const advice = "see why it is still listed, or which address it should register (Advertise)";
    yield* await checkInstances(where, found, advice);
  }
}

/** What a section is called: the file as a whole by what it is, or by its file where it is probably none of Rollcall's. */
function nameOf({ section, outcome }: Reading, file: string): string {
  if (section.path.length > 0) return keyPath(section.path);
  return outcome === "foreign" ? file : section.kind;
}

function clusterOf({ ttlSeconds: _ttl, id: _id, ...connection }: EtcdSettings): string {
  return JSON.stringify(connection);
}

function describeSection({ kind, path }: Section): string {
  return path.length === 0 ? `a ${kind}` : `${kind} ${keyPath(path)}`;
}

/** `file:line:column` and the rest. */
function placeAndMessage(file: string, problem: ConfigProblem): [string, string] {
  const text = describeProblem(file, problem);
  const at = text.indexOf(": ");
  return [text.slice(0, at), text.slice(at + 2)];
}
