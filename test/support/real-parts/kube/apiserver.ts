import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../../network/ports.js";
import { LoggedProcess } from "../logged-process.js";
import { selfSigned } from "./certificate.js";

const START_LIMIT_MS = 120_000;
const built = fileURLToPath(new URL("../../../../.cache/bin/kube-apiserver", import.meta.url));

/** Who may call, by bearer token; what they may do is up to RBAC objects. */
export interface KubeUser {
  readonly name: string;
  readonly groups?: readonly string[];
}

/** A real kube-apiserver on 127.0.0.1, without controllers: what is in it is what a test puts there. */
export interface KubeApiserver {
  /** `https://127.0.0.1:port`. */
  readonly url: string;
  readonly port: number;
  /** The certificate authority, PEM. */
  readonly ca: string;
  /** Bearer token of a cluster administrator. */
  readonly adminToken: string;
  /** Path of a kubeconfig of that administrator. */
  readonly kubeconfig: string;
  /** Calls the API, by default as the administrator: the parsed answer; rejects with the status and text of a refusal. */
  call(method: string, path: string, body?: unknown, token?: string): Promise<unknown>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Starts it again after kill(), on the same port and with the same etcd; resolves when it is ready. */
  restart(): Promise<void>;
  /** kill(), and its folder is removed. etcd keeps what it stored. */
  stop(): Promise<void>;
}

/** Why tests with a real API server cannot run here, or false. It is built by a command of its own, so CI skips too. */
export function kubeApiserverSkipReason(): string | false {
  return existsSync(command()) ? false : "no kube-apiserver: scripts/ensure-kube-apiserver.sh builds one";
}

/**
 * @param etcd `host:port` of a real etcd, 3.4 or newer.
 * @param users by bearer token, beside the administrator.
 */
export async function startKubeApiserver(etcd: string, users: Record<string, KubeUser> = {}): Promise<KubeApiserver> {
  const server = new ApiserverProcess(etcd, users, await freePort());
  await server.restart();
  return server;
}

class ApiserverProcess implements KubeApiserver {
  readonly adminToken = "administrator";
  readonly port: number;
  readonly url: string;
  readonly ca: string;
  readonly kubeconfig: string;
  readonly #home = mkdtempSync(join(tmpdir(), "rollcall-kube-apiserver-"));
  readonly #process = new LoggedProcess("kube-apiserver", this.#home);
  readonly #flags: readonly string[];

  constructor(etcd: string, users: Record<string, KubeUser>, port: number) {
    this.port = port;
    this.url = `https://127.0.0.1:${port}`;
    const { cert, key } = selfSigned();
    this.ca = cert;
    const all = { ...users, [this.adminToken]: { name: "administrator", groups: ["system:masters"] } };
    this.kubeconfig = this.#write("kubeconfig", kubeconfig(this.url, cert, this.adminToken));
    const [certFile, keyFile] = [this.#write("tls.crt", cert), this.#write("tls.key", key)];
    this.#flags = [
      `--etcd-servers=http://${etcd}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${port}`,
      "--advertise-address=127.0.0.1",
      "--endpoint-reconciler-type=none", // it refuses to list a loopback address as the "kubernetes" service
      "--service-cluster-ip-range=10.96.0.0/24",
      `--tls-cert-file=${certFile}`,
      `--tls-private-key-file=${keyFile}`,
      `--token-auth-file=${this.#write("tokens.csv", tokens(all))}`,
      "--authorization-mode=RBAC",
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${certFile}`,
      `--service-account-signing-key-file=${keyFile}`,
    ];
  }

  async restart(): Promise<void> {
    await this.kill();
    this.#process.start(command(), this.#flags);
    try {
      await this.#ready();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  kill(): Promise<void> {
    return this.#process.kill();
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#home, { recursive: true, force: true });
  }

  call(method: string, path: string, body?: unknown, token = this.adminToken): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${token}`,
        "content-type": method === "PATCH" ? "application/apply-patch+yaml" : "application/json", // JSON is YAML
      };
      const sent = request(this.url + path, { method, headers, ca: this.ca, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          const ok = (response.statusCode ?? 500) < 300;
          if (!ok) reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
          else resolve(text.startsWith("{") ? JSON.parse(text) : text);
        });
      });
      sent.on("error", reject).end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** Asks until it is ready; the interval only spares the processor. */
  async #ready(): Promise<void> {
    let last: unknown;
    for (const end = Date.now() + START_LIMIT_MS; Date.now() < end; await pause(50)) {
      if (!this.#process.running) throw new Error(`kube-apiserver ended while starting:\n${this.#process.lastWords}`);
      try {
        await this.call("GET", "/readyz");
        return;
      } catch (error) {
        last = error;
      }
    }
    throw new Error(
      `kube-apiserver is not ready after ${START_LIMIT_MS / 1000} s: ${last}\n${this.#process.lastWords}`,
    );
  }

  #write(name: string, content: string): string {
    const file = join(this.#home, name);
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  }
}

function command(): string {
  return process.env.ROLLCALL_KUBE_APISERVER || built;
}

/** token,user,uid,"groups": the format of --token-auth-file. */
function tokens(users: Record<string, KubeUser>): string {
  return Object.entries(users)
    .map(([token, { name, groups = [] }]) => `${token},${name},${name},"${groups.join(",")}"\n`)
    .join("");
}

function kubeconfig(server: string, ca: string, token: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server, "certificate-authority-data": Buffer.from(ca).toString("base64") } }],
    users: [{ name: "administrator", user: { token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "administrator" } }],
    "current-context": "test",
  });
}
