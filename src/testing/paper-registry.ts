import { EventEmitter } from "node:events";
import { afterEach, beforeEach } from "node:test";
import { registerBackend } from "../backends/table.js";
import type { Instance } from "../instance.js";
import type { Served } from "../lifecycle/served.js";
import { ServerLife } from "../lifecycle/server-life.js";
import { setLogger, setLogLevel } from "../log.js";
import type { Registration, Target } from "../registry.js";

/** A registry on paper, of which each step may be replaced, and what happens at it and to what is listed in it, in its order. */
class Paper {
  events: string[] = [];
  /** What was logged. */
  lines: string[] = [];

  register = async ({ address }: Instance): Promise<Registration> => {
    this.events.push(`in ${address}`);
    return registration();
  };
  deregister = async (): Promise<void> => void this.events.push("out");
}

/** That of this test. */
export let paper = new Paper();

const target: Target = { scheme: "paper", hosts: ["127.0.0.1:1"], service: "order.rpc", params: {} };

registerBackend("paper", {
  registrar: () => ({ register: (_service, instance) => paper.register(instance) }),
});

export function registration(listed = true, trouble?: Error): Registration {
  return Object.assign(new EventEmitter<{ lost: [Error]; restored: [] }>(), {
    listed,
    trouble,
    deregister: () => paper.deregister(),
  });
}

beforeEach(() => {
  paper = new Paper();
  const line = (level: string) => (_facts: object, message: string) => void paper.lines.push(`${level} ${message}`);
  setLogger({ debug: () => {}, info: line("info"), warn: line("warn"), error: line("error") });
});
afterEach(() => setLogLevel("silent"));

/** What was logged above info. */
export const warnings = () => paper.lines.filter((line) => !line.startsWith("info"));

/** A server's life at that registry, whose steps are noted. */
export function lifeOf(served: Partial<Served> = {}, limits = { drainMs: 10, waitMs: 2_000 }): ServerLife {
  const recorded: Served = {
    bind: () => {
      paper.events.push("bind");
      return { instance: { address: "10.0.0.1:80" } };
    },
    health: (serving) => void paper.events.push(`health ${serving}`),
    close: async () => void paper.events.push("close"),
    kill: () => void paper.events.push("kill"),
    ...served,
  };
  return new ServerLife(target, recorded, limits, false);
}
