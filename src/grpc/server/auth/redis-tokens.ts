import { readFileSync } from "node:fs";
import { parseAddress } from "../../../address.js";
import { endsWithin } from "../../../async/time-limit.js";
import type { RedisConfig } from "../../../config/schema/redis-config.js";
import { listItems } from "../../../target/forms.js";
import type { TokenStore } from "./authenticator.js";

/** Milliseconds: how long one lookup may take, and how a dead connection is told from a quiet one. */
const [LOOKUP_MS, PING_MS, SILENCE_MS] = [2_000, 5_000, 12_000];

/** What is used of the package redis, of a node's client and a cluster's alike. */
interface Client {
  connect(): Promise<unknown>;
  hGet(key: string, field: string): Promise<string | null | undefined>;
  destroy(): void;
  on(event: "error", listener: (error: Error) => void): unknown;
}

/** The tokens of go-zero's servers: `HGET <Redis.Key> <app>`. */
export class RedisTokens implements TokenStore {
  readonly #settings: RedisConfig;
  #client: Client | undefined;
  #lastError: Error | undefined;

  constructor(settings: RedisConfig) {
    this.#settings = settings;
  }

  async open(): Promise<void> {
    const { Host, NonBlock, PingTimeout } = this.#settings;
    const client = await newClient(this.#settings);
    this.#client = client;
    client.on("error", (error) => {
      this.#lastError = error;
    });
    // It goes on connecting whatever becomes of this promise.
    const connecting = client.connect().then(
      () => true,
      (error: Error) => {
        this.#lastError = error;
        return false;
      },
    );
    const inTime = (await endsWithin(connecting, PingTimeout)) && (await connecting);
    if (inTime || NonBlock) return;
    await this.close();
    throw new Error(`Redis ${Host} does not answer within PingTimeout, and NonBlock is false: ${this.#reason()}`);
  }

  async tokenOf(app: string): Promise<string | undefined> {
    if (!this.#client) throw new Error("the server is not started");
    let token: string | null | undefined;
    const found = this.#client.hGet(this.#settings.Key, app).then(
      (value) => {
        token = value;
      },
      (error: Error) => {
        throw new Error(`Redis ${this.#settings.Host}: ${this.#lastError?.message ?? error.message}`, { cause: error });
      },
    );
    if (!(await endsWithin(found, LOOKUP_MS))) {
      throw new Error(`Redis ${this.#settings.Host} has not answered for ${LOOKUP_MS} ms`);
    }
    this.#lastError = undefined;
    return token ?? undefined;
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    try {
      client?.destroy();
    } catch {
      // It was not connected.
    }
  }

  #reason(): string {
    return this.#lastError?.message || "nothing was heard of it";
  }
}

/** In a try block, by which bundlers know that it may be missing. */
async function load(): Promise<typeof import("redis")> {
  try {
    return await import("redis");
  } catch (cause) {
    throw new Error("Auth: true with Redis needs the package redis: npm install redis", { cause });
  }
}

async function newClient(settings: RedisConfig): Promise<Client> {
  const { Host, Type, User, Pass } = settings;
  const redis = await load();
  const shared = {
    ...(User && { username: User }),
    ...(Pass && { password: Pass }),
    pingInterval: PING_MS,
    // A call that has to wait for Redis is better refused.
    disableOfflineQueue: true,
  };
  const addresses = listItems(Host).map((address) => parseAddress(address));
  if (Type !== "cluster") {
    return redis.createClient({ ...shared, socket: { ...addresses[0], ...socketOf(settings) } }) as unknown as Client;
  }
  return redis.createCluster({
    rootNodes: addresses.map((address) => ({ socket: { ...address, ...socketOf(settings) } })),
    defaults: { ...shared, socket: socketOf(settings) },
  }) as unknown as Client;
}

function socketOf({ Tls, CACertFile, PingTimeout }: RedisConfig) {
  return {
    connectTimeout: Math.max(PingTimeout, LOOKUP_MS),
    socketTimeout: SILENCE_MS,
    reconnectStrategy: (retries: number) => Math.min(100 * 2 ** retries, 3_000) * (0.75 + Math.random() / 2),
    ...(Tls && { tls: true as const, ...(CACertFile && { ca: readFileSync(CACertFile) }) }),
  };
}
