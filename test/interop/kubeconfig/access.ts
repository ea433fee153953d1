import { execFile } from "node:child_process";
import { holding } from "../../../src/async/hold.js";
import { kubeconfigAccess } from "../../../src/backends/kubernetes/access/kubeconfig.js";
import { interopProgram } from "../../support/real-parts/gozero.js";

/** Where requests would go, and what they would carry. */
interface Access {
  readonly context: string;
  readonly namespace: string;
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly serverName: string;
  readonly insecureSkipVerify: boolean;
}

type Outcome = Access | { readonly error: string };

/** As kubectl has it: by client-go, which it is made of. */
export function byClientGo(kubeconfig: string, context: string | undefined): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, KUBECONFIG: kubeconfig };
    execFile(interopProgram("kubeconfig"), context ? ["-context", context] : [], { env }, (error, stdout) => {
      if (error && !stdout) return reject(error);
      const read = JSON.parse(stdout) as Outcome;
      resolve(
        "error" in read ? read : { ...read, server: new URL(read.server).href, headers: lowerCase(read.headers) },
      );
    });
  });
}

/** As Rollcall has it. */
export async function here(kubeconfig: string, context: string | undefined): Promise<Outcome> {
  try {
    const { source, namespace = "default", credentials } = await kubeconfigAccess({ kubeconfig, context });
    const { server, headers, tls } = await holding(credentials());
    return {
      context: JSON.parse(source.replace("kubeconfig context ", "")),
      namespace,
      server: server.href,
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(", ")])),
      ca: String(tls.ca ?? ""),
      cert: String(tls.cert ?? ""),
      key: String(tls.key ?? ""),
      serverName: tls.servername ?? "",
      insecureSkipVerify: tls.rejectUnauthorized === false,
    };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
