import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Order } from "./server.js";
import type { Condition } from "./workers.js";

/** The processes that serve: started once, and put into each row's condition. */
export class Servers {
  readonly #children: ChildProcess[] = [];
  readonly #addresses: string[] = [];

  /** Starts what is missing, one after the other: their start is the only heavy work they do. */
  async atLeast(count: number): Promise<void> {
    while (this.#children.length < count) {
      const child = fork(new URL("./server.ts", import.meta.url), { execArgv: ["--import", "tsx"] });
      this.#children.push(child);
      const [address] = (await once(child, "message")) as [string];
      this.#addresses.push(address);
    }
  }

  address(instance: number): string {
    const address = this.#addresses[instance];
    if (address === undefined) throw new RangeError(`no server ${instance}: ${this.#addresses.length} are started`);
    return address;
  }

  /** @param fresh whether it also forgets the work that it has. */
  async become(instance: number, condition: Condition, fresh = false): Promise<void> {
    const child = this.#children[instance]!;
    const done = once(child, "message");
    child.send({ become: condition, fresh } satisfies Order);
    await done;
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#children.splice(0).map(async (child) => {
        const gone = once(child, "exit");
        child.disconnect();
        await gone;
      }),
    );
  }
}
