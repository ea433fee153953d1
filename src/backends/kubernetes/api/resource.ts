import { ApiError } from "./api-error.js";

/** Objects of one kind in one namespace. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace: string;
}

/** Parameters of a request; undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export function pathOf({ group, version, plural, namespace }: Resource, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  return `/apis/${group}/${version}/namespaces/${namespace}/${plural}?${parameters}`;
}

/** Adds to the server's words what to do about it. */
export function explained(
  error: ApiError,
  verb: string,
  { group, version, plural, namespace }: Resource,
  source: string,
): ApiError {
  const advice = {
    forbidden:
      `${source} may not ${verb} ${plural}.${group} in namespace ${JSON.stringify(namespace)}: bind a Role to it with ` +
      `apiGroups [${JSON.stringify(group)}], resources [${JSON.stringify(plural)}], verbs ["list", "watch"] ` +
      "in that namespace (docs/kubernetes.md shows it)",
    unauthorized: `the credentials of ${source} are not accepted`,
    missing: `there are no ${plural} of ${group}/${version}: is this the API server of Kubernetes 1.21 or later?`,
  }[error.kind as string];
  if (advice === undefined) return error;
  return new ApiError(error.kind, `${advice} (${error.message})`, error);
}
