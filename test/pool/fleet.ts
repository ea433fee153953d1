import type { TestContext } from "node:test";
import { type ConnectContext, createPool, type Pool, type PoolOptions } from "../../src/pool/index.js";
import { FixtureRegistry } from "../support/fixture-backend.js";

export const registry = new FixtureRegistry("pool-fixture");
export const A = "127.0.0.1:1001";
export const B = "127.0.0.1:1002";
export const C = "127.0.0.1:1003";

/** Connections that the test makes and breaks; each is the address of its instance. */
export class Fleet {
  readonly lost = new Map<string, ConnectContext["lost"]>();
  readonly dials: string[] = [];
  readonly closed: string[] = [];
  /** Those that cannot be connected to. */
  readonly down = new Set<string>();

  pool(t: TestContext, listed: readonly string[], options: Partial<PoolOptions<string>> = {}): Pool<string> {
    registry.list(t.name, listed);
    const pool = createPool<string>(registry.target(t.name), {
      connect: ({ address }, { lost }) => {
        this.dials.push(address);
        if (this.down.has(address)) throw new Error(`${address} is down`);
        this.lost.set(address, lost);
        return address;
      },
      close: (address) => this.closed.push(address),
      ...options,
    });
    t.after(() => pool.close());
    return pool;
  }
}

/** How many of so many exchanges, eight at a time and each of about 2 ms, each instance has. */
export async function shares(pool: Pool<string>, exchanges = 200): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  let left = exchanges;
  const callers = Array.from({ length: 8 }, async () => {
    while (left-- > 0) {
      const address = await pool.run(async (connection) => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        return connection;
      });
      counts.set(address, (counts.get(address) ?? 0) + 1);
    }
  });
  await Promise.all(callers);
  return counts;
}

/** A promise that the test settles. */
export function gate(): { readonly passed: Promise<void>; open(): void } {
  let open = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}
