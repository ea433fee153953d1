import { systemTiming } from "../../src/async/timing.js";
import { P2cEwma } from "../../src/balancer/p2c/p2c-ewma.js";
import { RememberedSets } from "../../src/discovery/last-known.js";
import type { ResolvedInstance } from "../../src/discovery/resolved-instance.js";
import { TargetDiscovery } from "../../src/discovery/target-discovery.js";
import type { Instance } from "../../src/instance.js";
import type { ChannelState } from "../../src/membership/channel-state.js";
import { choose } from "../../src/membership/choice.js";
import { Membership } from "../../src/membership/membership.js";
import type { Target } from "../../src/registry.js";
import type { Process } from "../world/process.js";
import type { World } from "../world/world.js";
import type { CallRecord } from "./call-record.js";
import { type SimulatedSession, SimulatedTransport } from "./line.js";

/** As the pool and the gRPC policy: so many stale connections are probed before a call waits. */
const STALE_PICKS = 5;
/** Of every call, in milliseconds. */
export const DEADLINE_MS = 2_000;

/** A client: the real discovery, membership and balancer over simulated connections, and calls at random times. */
export class Client {
  readonly process: Process;
  /** What discovery last said; undefined before. */
  listed: ReadonlyMap<string, Instance> | undefined;
  /** Since when each address has been listed without a pause, in virtual milliseconds. */
  readonly known = new Map<string, number>();
  running = 0;
  readonly balancer: P2cEwma<string>;
  readonly membership: Membership<ResolvedInstance, SimulatedSession>;
  readonly #world: World;
  readonly #discovery: TargetDiscovery;
  readonly #waiting = new Set<() => void>();
  #state: ChannelState["is"] = "connecting";

  constructor(world: World, process: Process, target: Target) {
    this.process = process;
    this.#world = world;
    this.#discovery = new TargetDiscovery(target, {
      onSet: (set) => this.#list(set),
      lastKnown: new RememberedSets(), // a process' own
      onFailure: (error) => world.broken(`discovery gave up: ${error.message}`),
    });
    this.membership = new Membership(
      () => ({
        transport: new SimulatedTransport(world, process),
        settings: { timing: systemTiming, keepaliveMs: undefined, callGraceMs: 5_000 },
      }),
      systemTiming,
      () => ({ service: target.service, registry: "etcd" }),
      { state: (state) => this.#report(state), lost: () => this.#discovery.start() },
    );
    this.balancer = new P2cEwma<string>();
    this.#discovery.start();
    this.#callSoon();
  }

  #callSoon(): void {
    const { random, setup } = this.#world;
    setTimeout(
      () => {
        this.#callSoon();
        this.#call();
      },
      random.between(0, 2_000 / setup.callsPerSecond),
    );
  }

  #call(): void {
    const { scheduler, random } = this.#world;
    const record: CallRecord = { client: this, beganAt: scheduler.now, address: undefined, sentAt: undefined };
    const tried = new Set<string>();
    const workMs = random.between(1, 40);
    this.running += 1;
    let giveUp = () => {};
    const limit = setTimeout(() => {
      giveUp();
      end("deadline");
    }, DEADLINE_MS);
    const end = (how: "answered" | "deadline" | "lost" | "no instance") => {
      clearTimeout(limit);
      this.#waiting.delete(attempt);
      this.running -= 1;
      this.#world.called(record, how);
    };
    const attempt = () => {
      const taken = this.#take(tried);
      if (!taken) {
        if (this.#state === "failing") return end("no instance");
        this.#waiting.add(attempt);
        return;
      }
      this.#waiting.delete(attempt);
      giveUp = this.#send(taken, workMs, record, (how) => {
        if (how === "not started" && tried.size === 0) {
          tried.add(taken.node.key);
          attempt();
        } else end(how === "answered" ? how : "lost");
      });
    };
    attempt();
  }

  #send(
    { node, session }: Taken,
    workMs: number,
    record: CallRecord,
    ended: (how: "answered" | "not started" | "lost") => void,
  ): () => void {
    const { scheduler } = this.#world;
    record.address = session.address;
    record.sentAt = scheduler.now;
    this.#world.sent(record);
    node.started();
    const { activity } = session;
    const startedAt = activity.started();
    const abandon = session.call(workMs, (how) => {
      if (how === "answered") activity.heard();
      node.ended(scheduler.now - startedAt, how === "answered");
      activity.ended(startedAt, false);
      ended(how);
    });
    return () => {
      abandon();
      node.ended(scheduler.now - startedAt, false);
      activity.ended(startedAt, true);
    };
  }

  #take(tried: ReadonlySet<string>): Taken | undefined {
    const { connections } = this.membership;
    for (let stale = 0; stale < STALE_PICKS; stale++) {
      const node = this.balancer.pick(tried);
      if (!node) return undefined;
      const connection = connections.get(node.key);
      const session = connection?.session;
      if (connection && session && !connection.stale) return { node, session };
      connection?.probe("idle");
      node.released();
    }
    return undefined;
  }

  #list(set: readonly ResolvedInstance[]): void {
    const { now } = this.#world.scheduler;
    const listed = new Map(set.map((one) => [one.instance.address, one]));
    this.listed = new Map(set.map(({ instance }) => [instance.address, instance]));
    for (const address of this.known.keys()) if (!listed.has(address)) this.known.delete(address);
    for (const address of listed.keys()) if (!this.known.has(address)) this.known.set(address, now);
    this.membership.set(listed, choose([...listed.keys()], 0, this.process.name));
  }

  #report(state: ChannelState): void {
    this.balancer.set(state.is === "ready" ? state.usable : []);
    this.#state = state.is;
    this.#discovery.status.ready = state.is === "ready" ? state.usable.length : 0;
    if (state.is !== "connecting") for (const attempt of [...this.#waiting]) attempt();
  }
}

interface Taken {
  readonly node: NonNullable<ReturnType<P2cEwma<string>["pick"]>>;
  readonly session: SimulatedSession;
}
