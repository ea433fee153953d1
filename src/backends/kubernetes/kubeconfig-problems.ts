import type { KubeconfigCluster, KubeconfigUser } from "./kubeconfig-files.js";

/**
 * Why a cluster of a kubeconfig cannot be used, or undefined while it can. As kubectl: what is said twice is refused, because it
 * would not be clear which is meant.
 */
export function clusterProblem({ name, server, caFile, caData }: KubeconfigCluster): string | undefined {
  const cluster = `cluster ${JSON.stringify(name)}`;
  if (!server) return `${cluster} has no server`;
  if (caFile && caData) return `${cluster} has both certificate-authority and certificate-authority-data: keep one`;
  return undefined;
}

/** The same of a user. */
export function userProblem(user: KubeconfigUser): string | undefined {
  const {
    name,
    token,
    username,
    password,
    certFile,
    certData,
    keyFile,
    keyData,
    program,
    authProvider,
    impersonation,
  } = user;
  const who = `user ${JSON.stringify(name)}`;
  if (token && (username || password)) return `${who} has both a token and a username or password: keep one`;
  if (certFile || certData) {
    if (certFile && certData) return `${who} has both client-certificate and client-certificate-data: keep one`;
    if (keyFile && keyData) return `${who} has both client-key and client-key-data: keep one`;
    if (!keyFile && !keyData) return `${who} has a client certificate without client-key or client-key-data`;
  }
  if (impersonation && !impersonation["impersonate-user"])
    return `${who} has as-uid, as-groups or as-user-extra without as: name the user`;
  if (program && authProvider) return `${who} has both exec and auth-provider: keep one`;
  if (program && !program.command) return `${who} has exec without a command`;
  return undefined;
}
