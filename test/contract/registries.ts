import { randomBytes } from "node:crypto";
import { after, before, suite, type TestContext, test } from "node:test";
import { startDevRegistry } from "../../src/dev-registry/index.js";
import { etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { etcdctl } from "../support/real-parts/etcdctl.js";
import { EtcdClient } from "./etcd-client.js";

/** A registry under test. */
export interface Registry {
  readonly endpoint: string;
  /** From now on callers have to log in as root. */
  requireAuth(password: string): Promise<void>;
  /** Makes tokens given so far invalid. */
  expireTokens(): Promise<void>;
  stop(): Promise<void>;
}

export const REGISTRIES: readonly { name: string; skip: string | false; start(): Promise<Registry> }[] = [
  { name: "dev registry", skip: false, start: startDev },
  { name: "etcd", skip: etcdSkipReason(), start: startReal },
];

async function startDev(): Promise<Registry> {
  const registry = await startDevRegistry({ progressNotifyIntervalMs: 100 });
  return {
    endpoint: registry.endpoint,
    requireAuth: async (password) => registry.faults.requireAuth({ user: "root", password }),
    expireTokens: async () => registry.faults.expireTokens(),
    stop: () => registry.close(),
  };
}

/** With etcd's default ticks, on which the shortest lease depends, and the dev registry's interval of progress. */
async function startReal(): Promise<Registry> {
  const progress = "--experimental-watch-progress-notify-interval=100ms";
  const etcd = await startEtcd({ args: ["--heartbeat-interval=100", "--election-timeout=1000", progress] });
  let login: string[] = [];
  return {
    endpoint: etcd.endpoint,
    requireAuth: async (password) => {
      login = ["--user", `root:${password}`];
      await etcdctl(etcd.endpoint, "user", "add", `root:${password}`);
      await etcdctl(etcd.endpoint, "user", "grant-role", "root", "root");
      await etcdctl(etcd.endpoint, "auth", "enable");
    },
    expireTokens: async () => {
      await etcdctl(etcd.endpoint, ...login, "auth", "disable");
      await etcdctl(etcd.endpoint, "auth", "enable");
    },
    stop: () => etcd.stop(),
  };
}

/** What a promise of the contract is checked with. */
export interface Contract {
  readonly registry: Registry;
  readonly client: EtcdClient;
  /** A key under a prefix that no other test uses. */
  key(name: string): Buffer;
  /** The end of the range of all this test's keys. */
  readonly end: Buffer;
}

type Promises = (promise: (name: string, body: (contract: Contract, t: TestContext) => Promise<void>) => void) => void;

/** Declares the same tests for every registry; one server each. */
export function contract(subject: string, promises: Promises, needs: { skip: string | false } = { skip: false }): void {
  for (const { name, skip, start } of REGISTRIES) {
    suite(`${subject}: ${name}`, { skip: skip || needs.skip }, () => {
      let registry: Registry;
      let client: EtcdClient;
      before(async () => {
        registry = await start();
        client = new EtcdClient(registry.endpoint);
      });
      after(async () => {
        client?.close();
        await registry?.stop();
      });
      promises((promise, body) => {
        test(promise, async (t) => {
          const prefix = randomBytes(6).toString("hex");
          const key = (name: string) => Buffer.from(`${prefix}/${name}`, "latin1");
          await body({ registry, client, key, end: Buffer.from(`${prefix}0`) }, t); // "0" follows "/"
        });
      });
    });
  }
}
