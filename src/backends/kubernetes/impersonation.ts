/** Whom a user of a kubeconfig is to be taken for, as it stands in the file. */
export interface ActsAs {
  readonly as?: string;
  readonly "as-uid"?: string;
  /** A list of texts, if whoever wrote the file has written one; so are the values of `as-user-extra`. */
  readonly "as-groups"?: unknown;
  readonly "as-user-extra"?: Readonly<Record<string, unknown>>;
}

/**
 * The headers that ask the API server for it; undefined where nobody is named. @kubernetes/client-node sends the name alone, and so would have
 * other rights. (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation)
 * @throws Error where something is no list.
 */
export function impersonationHeaders(user: ActsAs): Record<string, string | string[]> | undefined {
  const { as, "as-uid": uid, "as-groups": groups, "as-user-extra": extra } = user;
  const headers: Record<string, string | string[]> = {};
  if (as) headers["impersonate-user"] = as;
  if (uid) headers["impersonate-uid"] = uid;
  const groupNames = listOf(groups ?? [], "as-groups");
  if (groupNames.length > 0) headers["impersonate-group"] = groupNames;
  for (const [name, values] of Object.entries(extra ?? {})) {
    headers[`impersonate-extra-${encodeURIComponent(name.toLowerCase()).toLowerCase()}`] = listOf(
      values,
      "as-user-extra",
    );
  }
  return Object.keys(headers).length > 0 ? headers : undefined;
}

/** A text in place of a list would name a group for each of its letters. */
function listOf(value: unknown, name: string): string[] {
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  throw new Error(`a user's ${name} has something else than a list of texts: write ["..."]`);
}
