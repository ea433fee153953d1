/** One client of a service with very many instances, in a process of its own: what it holds, and what it does for a change and a pick. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { hold } from "../../../src/async/hold.js";
import { registerBackend, setLogLevel } from "../../../src/index.js";
import { ServicePool } from "../../../src/pool/pool.js";
import { until } from "../../../test/support/until.js";
import { heldBytes } from "../../support/process-cost.js";
import { addressOf, EtcdSource, type Source, StubSource } from "./large-service-source.js";

/** What the program is asked, as JSON in its first argument. */
export interface LargeServiceOrder {
  readonly instances: number;
  /** How many to connect to; 0 as by default. */
  readonly subset: number;
  /** etcd with so many keys of `large.rpc`. Default: a discovery that has the instances at hand. */
  readonly endpoint?: string;
}

/** What it answers, to its parent. */
export interface LargeServiceCost {
  /** From the target to the first pick, and until connected to all that are wanted, in milliseconds. */
  readonly firstPickMs: number;
  readonly connectedMs: number;
  readonly connections: number;
  /** Heap and buffers after garbage collection, beyond what the empty process holds, in megabytes. */
  readonly memoryMb: number;
  /** Processor time for a change of one instance, and the longest time that it kept the event loop, in milliseconds. */
  readonly changeMs: number;
  readonly pauseMs: number;
  /** Processor time of a pick with its end, in nanoseconds. */
  readonly pickNs: number;
}

const CHANGES = 5;
const PICKS = 100_000;

setLogLevel("silent");
hold(); // a pool holds no process
const order = JSON.parse(process.argv[2]!) as LargeServiceOrder;
process.send!(await measure(order));
process.exit();

async function measure({ instances, subset, endpoint }: LargeServiceOrder): Promise<LargeServiceCost> {
  const empty = heldBytes();
  const source: Source = endpoint ? new EtcdSource(endpoint) : new StubSource(instances);
  if (source instanceof StubSource) registerBackend("stub", { discovery: () => source });
  const began = performance.now();
  const pool = new ServicePool<object>(source.target, { connect: async () => ({}), subset, waitMs: 300_000 });
  (await pool.acquire()).end("success");
  const firstPickMs = performance.now() - began;
  const wanted = Math.min(instances, subset || 500);
  await until(() => pool.stats().ready >= wanted, `${wanted} instances are connected to`, 300_000);
  const connectedMs = performance.now() - began;
  await pause(1_000);
  const memoryMb = (heldBytes() - empty) / 2 ** 20;

  const picking = () => {
    for (let i = 0; i < PICKS; i++) pool.take()!.end("success");
  };
  picking();
  const before = process.cpuUsage();
  picking();
  const pickNs = (cpuMsSince(before) * 1e6) / PICKS;
  await pause(100);

  // Each instance leaves and joins again, so that all are listed in the end.
  const change = (i: number) => source.change(addressOf(i >> 1));
  await change(0); // warm
  await pause(1_000);
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const quiet = await cpuOf(() => pause(1_000));
  let changeMs = 0;
  for (let i = 1; i <= CHANGES; i++) {
    changeMs +=
      (await cpuOf(async () => {
        await change(i);
        await pause(300);
      })) -
      quiet * 0.3;
  }
  loop.disable();
  return {
    firstPickMs,
    connectedMs,
    connections: wanted,
    memoryMb,
    changeMs: Math.max(0, changeMs / CHANGES),
    pauseMs: loop.max / 1e6,
    pickNs,
  };
}

function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  return cpuMsSince(before);
}
