import { memoised } from "../async/memoise.js";
import type { Backend, Discovery, Registrar, Target } from "../registry.js";
import { hostsAndKey, registerTargetForm, type TargetForm, unreadForm } from "../target/forms.js";
import { refuse } from "../target/given.js";
import { readTarget } from "../target/parse.js";

/** Loads a backend when its scheme is first used, so that a heavy library is loaded only then. Called again only when it has failed. */
export type BackendLoader = () => Promise<Backend> | Backend;

/** By their schemes, each as it is had when it is needed. */
const backends = new Map<string, () => Promise<Backend>>();

/**
 * Makes a backend known under the scheme of its target URLs (`consul:///…`), for clients and servers alike.
 * Registering a scheme again replaces the backend for channels and servers created afterwards.
 * @param backend the backend, or a function that loads it.
 * @param form how its target URLs are read. Default: the backend's own `parse`; else `//h1,h2/service`,
 *   `///h1,h2?key=service` and `//h1,h2?key=service`. A backend given as a function is not loaded to read a URL, so without
 *   a form a wrong URL is found out when the backend is first used, not where the URL is given.
 * @throws TypeError when the scheme is not a valid URL scheme, or the backend is none.
 */
export function registerBackend(scheme: string, backend: Backend | BackendLoader, form?: TargetForm): void {
  if (typeof backend !== "function") checkBackend(scheme, backend);
  if (form !== undefined && typeof form?.parse !== "function")
    refuse(`the form of ${JSON.stringify(scheme)}`, form, "{ expected, parse }");
  registerTargetForm(
    scheme,
    form ?? (typeof backend === "function" ? unreadForm(scheme) : formOfBackend(scheme, backend)),
  );
  backends.set(
    scheme,
    memoised(async () => (typeof backend === "function" ? checkBackend(scheme, await backend()) : backend)),
  );
}

/**
 * The discovery of a target, its backend loaded if need be, and the target as the backend reads it.
 * @throws TypeError when the scheme is unknown or the backend refuses the target; Error when it can only register.
 */
export async function discoveryOf(target: Target): Promise<{ discovery: Discovery; target: Target }> {
  const { backend, target: read } = await load(target);
  if (!backend.discovery) {
    throw new Error(`the backend "${target.scheme}" cannot be watched for instances, it only registers`);
  }
  const discovery = await backend.discovery(read);
  if (typeof discovery?.watch !== "function")
    refuse(`what discovery() of the backend "${target.scheme}" gives`, discovery, "{ watch }");
  return { discovery, target: read };
}

/**
 * The registrar of a target, its backend loaded if need be, and the target as the backend reads it.
 * @throws TypeError when the scheme is unknown or the backend refuses the target; Error when it can only be watched.
 */
export async function registrarOf(
  target: Target,
): Promise<{ registrar: Registrar; target: Target; logsRegistrations: boolean }> {
  const { backend, target: read } = await load(target);
  if (!backend.registrar) {
    throw new Error(`the backend "${target.scheme}" cannot register instances, it is only watched`);
  }
  const { logsRegistrations = false } = backend;
  const registrar = await backend.registrar(read);
  if (typeof registrar?.register !== "function")
    refuse(`what registrar() of the backend "${target.scheme}" gives`, registrar, "{ register }");
  return { registrar, target: read, logsRegistrations };
}

async function load(target: Target): Promise<{ backend: Backend; target: Target }> {
  const { scheme, unread } = target;
  const backendOf = backends.get(scheme);
  if (!backendOf) throw new TypeError(`no backend is called "${scheme}": known are ${[...backends.keys()].join(", ")}`);
  const backend = await backendOf();
  if (!unread) return { backend, target };
  const read = readTarget(scheme, unread, formOfBackend(scheme, backend));
  return { backend, target: target.settings === undefined ? read : { ...read, settings: target.settings } };
}

/** @throws TypeError that says what is missing, unless it has what a backend may have: a loader may return a module instead. */
function checkBackend(scheme: string, backend: Backend): Backend {
  const name = `the backend ${JSON.stringify(scheme)}`;
  if (typeof backend !== "object" || backend === null)
    refuse(name, backend, "{ discovery, registrar }, or a function that loads it");
  for (const part of ["discovery", "registrar", "parse"] as const) {
    if (backend[part] !== undefined && typeof backend[part] !== "function")
      refuse(`${part} of ${name}`, backend[part], "a function");
  }
  if ("default" in backend && !backend.discovery && !backend.registrar)
    throw new TypeError(`${name} is a module: its loader is to return what the module exports, as its default`);
  return backend;
}

function formOfBackend(scheme: string, backend: Backend): TargetForm {
  return backend.parse ? { parse: backend.parse.bind(backend) } : hostsAndKey(scheme);
}
