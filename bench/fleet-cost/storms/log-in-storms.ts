import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Etcd, startEtcd } from "../../../test/support/real-parts/etcd.js";
import { etcdctl } from "../../../test/support/real-parts/etcdctl.js";
import { Fleet } from "../fleet.js";
import { type Storm, storm } from "./storm.js";

const USER = { user: "root", pass: "secret" };

/** How etcd keeps passwords and tokens. */
export interface Authentication {
  readonly tokens: "simple" | "jwt";
  /** Of bcrypt: each step doubles the work of a log-in. etcd's default is 10, its least 4. */
  readonly cost: number;
}

/** An etcd that asks for passwords is killed beside a fleet, and comes back with its data. */
export async function logInStorm(
  { tokens, cost }: Authentication,
  servers: number,
  clients: number,
  services: number,
): Promise<Storm> {
  const keys = mkdtempSync(join(tmpdir(), "rollcall-jwt-"));
  const token = tokens === "jwt" ? [`--auth-token=${jwt(keys)}`] : [];
  const etcd = await startEtcd({ args: [`--bcrypt-cost=${cost}`, ...token] });
  try {
    await etcdctl(etcd.endpoint, "user", "add", `${USER.user}:${USER.pass}`);
    await etcdctl(etcd.endpoint, "user", "grant-role", "root", "root");
    await etcdctl(etcd.endpoint, "auth", "enable");
    const fleet = new Fleet({ hosts: [etcd.endpoint], ...USER }, services);
    await fleet.servers.grow(servers);
    await fleet.clients.grow(clients);
    await forgetTokens(etcd);
    const came = await storm([etcd], fleet, () => etcd.restart());
    await fleet.stop();
    return came;
  } finally {
    await etcd.stop();
    rmSync(keys, { recursive: true, force: true });
  }
}

/** etcd plays its last entries again when it starts, log-ins among them: after a write that is on disk it has none to play. */
async function forgetTokens({ endpoint }: Etcd): Promise<void> {
  await etcdctl(endpoint, "--user", `${USER.user}:${USER.pass}`, "put", "bench", "written");
  await pause(1_000);
}

/** Keys of its own; the tokens outlive the run. */
function jwt(folder: string): string {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2_048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  const [pub, priv] = [join(folder, "jwt.pub"), join(folder, "jwt.key")];
  writeFileSync(pub, publicKey);
  writeFileSync(priv, privateKey, { mode: 0o600 });
  return `jwt,pub-key=${pub},priv-key=${priv},sign-method=RS256,ttl=30m`;
}
