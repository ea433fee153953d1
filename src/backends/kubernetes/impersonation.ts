/** Whom a user of a kubeconfig is to be taken for, as it stands in the file. */
export interface ActsAs {
  readonly as?: string;
  readonly "as-uid"?: string;
  readonly "as-groups"?: readonly string[];
  readonly "as-user-extra"?: Readonly<Record<string, readonly string[]>>;
}

/**
 * The headers that ask the API server for it; undefined where nobody is named. @kubernetes/client-node sends the name alone, and so would have
 * other rights. (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation)
 */
export function impersonationHeaders(user: ActsAs): Record<string, string | string[]> | undefined {
  const { as, "as-uid": uid, "as-groups": groups, "as-user-extra": extra } = user;
  const headers: Record<string, string | string[]> = {};
  if (as) headers["impersonate-user"] = as;
  if (uid) headers["impersonate-uid"] = uid;
  if (groups?.length) headers["impersonate-group"] = [...groups];
  for (const [name, values] of Object.entries(extra ?? {})) {
    headers[`impersonate-extra-${encodeURIComponent(name.toLowerCase()).toLowerCase()}`] = [...values];
  }
  return Object.keys(headers).length > 0 ? headers : undefined;
}
