import { dial } from "../../src/etcd-client/dial.js";
import { PingPace } from "../../src/etcd-client/rpc/ping-pace.js";
import { normaliseSettings } from "../../src/etcd-client/settings.js";
import { Tokens } from "../../src/etcd-client/tokens.js";
import type { Setup } from "../faults/fault.js";
import { drain } from "../world/drain.js";
import { useWorld } from "../world/globals.js";
import { Process } from "../world/process.js";
import { Random } from "../world/random.js";
import { Scheduler } from "../world/scheduler.js";
import { World } from "../world/world.js";
import { conversation } from "./conversation.js";

const LIMIT_MS = 600_000;

/** What the simulated etcd says in a conversation, for a test that compares it with a real one. */
export async function simulatedConversation(seed: number): Promise<string[]> {
  const nobody = { servers: 0, clients: 0, ttlSeconds: 10, callsPerSecond: 1, ownIds: false, attributes: false };
  const setup: Setup = { seed, members: 1, authenticated: false, slowestMs: 5, mutual: false, ...nobody };
  const scheduler = new Scheduler();
  const random = new Random(seed, 2);
  useWorld({ scheduler, random });
  const nothing = () => {};
  const hears = { called: nothing, sent: nothing, asked: nothing, dialled: nothing, broken: nothing };
  const world = new World(setup, { scheduler, random }, hears);
  const [host] = world.target().hosts;
  let said: string[] | undefined;
  let failure: unknown;
  scheduler.after(0, new Process("talker"), () => {
    const settings = normaliseSettings({ hosts: [host!] });
    const signal = new AbortController().signal;
    dial(host!, { settings, pace: new PingPace(), tokens: new Tokens(), signal })
      .then((session) => conversation(session, seed))
      .then(
        (all) => {
          said = all;
        },
        (error) => {
          failure = error;
        },
      );
  });
  await scheduler.run(LIMIT_MS, drain, () => said !== undefined || failure !== undefined);
  useWorld(undefined);
  if (!said) throw failure ?? new Error("the simulated etcd has not answered");
  return said;
}
