import type { Backend } from "../registry.js";
import { formOf, hostsAndKey, registerTargetForm, type TargetForm } from "../target/forms.js";

/** Loads a backend when its scheme is first used, so that a heavy library is loaded only then. */
export type BackendLoader = () => Promise<Backend> | Backend;

const backends = new Map<string, Backend | BackendLoader>();

/**
 * Makes a backend known under the scheme of its target URLs (`consul:///…`), for clients and servers alike.
 * Registering a scheme again replaces the backend for channels created afterwards.
 * @param backend the backend, or a function that loads it.
 * @param form how its target URLs are read, for a backend that is loaded by a function; one given as an object has its
 *   own `parse`. Default: `//h1,h2/service`, `///h1,h2?key=service` and `//h1,h2?key=service`.
 * @throws TypeError when the scheme is not a valid URL scheme.
 */
export function registerBackend(scheme: string, backend: Backend | BackendLoader, form?: TargetForm): void {
  const own = typeof backend === "object" && backend.parse ? { parse: backend.parse.bind(backend) } : undefined;
  registerTargetForm(scheme, form ?? own ?? hostsAndKey(scheme));
  backends.set(scheme, backend);
}

/**
 * The backend of a scheme, loaded if need be.
 * @throws TypeError that names the known schemes when there is none.
 */
export async function loadBackend(scheme: string): Promise<Backend> {
  formOf(scheme);
  const backend = backends.get(scheme)!;
  return typeof backend === "function" ? backend() : backend;
}
