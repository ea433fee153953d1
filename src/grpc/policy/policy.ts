import { randomUUID } from "node:crypto";
import { type ChannelOptions, Metadata, connectivityState as State, status } from "@grpc/grpc-js";
import { subset } from "../../balancer/subset.js";
import type { Instance } from "../../instance.js";
import { log } from "../../log.js";
import { fleetOf } from "../resolver/fleet.js";
import type { Knowledge } from "../resolver/knowledge.js";
import { POLICY } from "../resolver/service-config.js";
import {
  type Endpoint,
  endpointText,
  type Policy,
  type PolicyHelper,
  registerPolicy,
  type StatusObject,
  UnavailablePicker,
} from "../shield.js";
import { CallPicker } from "./call-picker.js";
import { Connection } from "./connection.js";
import { connectionOptions } from "./connection-options.js";
import { Departed } from "./departed.js";
import { type PolicyConfig, parsePolicyConfig } from "./policy-config.js";
import { distanceFrom } from "./zone.js";

/** Registers the load-balancing policy `p2c_ewma` with grpc-js. */
export function registerP2cEwma(): void {
  registerPolicy(POLICY, { parse: parsePolicyConfig, create: (helper) => new P2cEwmaPolicy(helper) });
}

/**
 * How long instances that an emptied registry no longer lists stay in use after the first new registration, in
 * milliseconds. The others learn of the loss by their next keepalive, a third of the TTL of 10 s later, and would
 * meanwhile leave the first one with all the traffic.
 */
const TAKEOVER_MS = 4_000;

/**
 * How long calls that wait for a first connection wait for the others too, in milliseconds: else all of them would go to
 * the instance that happened to connect first.
 */
const SETTLE_MS = 50;

/** Tells this process from the other clients of a service when each takes a subset. */
const CLIENT = randomUUID();

/**
 * Keeps a connection to every listed instance and lets the balancer choose among those that are ready. A new set of
 * instances touches only what changed.
 */
class P2cEwmaPolicy implements Policy<PolicyConfig> {
  readonly #helper: PolicyHelper;
  readonly #connections = new Map<string, Connection>();
  /** Connections to instances that are not listed any more since the registry suddenly listed nobody. */
  readonly #doubted = new Set<string>();
  readonly #departed = new Departed<Connection>();
  readonly #picker: CallPicker;
  #knowledge: Knowledge | undefined;
  #zone = "";
  #ready = new Set<string>();
  #takeover: NodeJS.Timeout | undefined;
  /** Whether calls may start: some connection is ready, and the others have had their time. */
  #settled = false;
  #settling: NodeJS.Timeout | undefined;
  #refreshing: NodeJS.Immediate | undefined;

  constructor(helper: PolicyHelper) {
    this.#helper = helper;
    this.#picker = new CallPicker(this.#connections, () => this.#knowledge?.target.service ?? "");
  }

  update(endpoints: readonly Endpoint[], config: PolicyConfig, options: ChannelOptions): void {
    const fleet = fleetOf(options);
    this.#knowledge = fleet?.knowledge;
    this.#zone = config.zone;
    const listed = new Map<string, { endpoint: Endpoint; instance: Instance }>();
    for (const [index, endpoint] of endpoints.entries()) {
      const instance = fleet?.instances[index] ?? { address: endpointText(endpoint) };
      listed.set(identityOf(instance, endpoint), { endpoint, instance });
    }
    if (listed.size === 0) this.#doubtEmptiness();
    else this.#partWithAllBut(listed);

    const chosen = config.subset > 0 ? subset([...listed.keys()], config.subset, CLIENT) : listed.keys();
    const chosenIds = new Set(chosen);
    for (const id of listed.keys()) if (!chosenIds.has(id)) this.#close(id);
    for (const id of chosenIds) {
      const { endpoint, instance } = listed.get(id)!;
      this.#doubted.delete(id);
      const known = this.#connections.get(id) ?? this.#departed.take(id);
      if (known) {
        known.keepUp(instance);
        this.#connections.set(id, known);
      } else this.#open(id, endpoint, instance, config, options);
    }
    if (listed.size > 0 && this.#doubted.size > 0) this.#scheduleTakeover();
    this.#refresh();
  }

  /** A failed resolution says nothing about the instances, so what is known stays. */
  fail(error: StatusObject): void {
    if (this.#connections.size > 0) return;
    this.#helper.updateState(State.TRANSIENT_FAILURE, new UnavailablePicker(error), error.details);
  }

  /** Connections are kept up by themselves, so a call has nothing to wake. */
  exitIdle(): void {}

  destroy(): void {
    clearTimeout(this.#takeover);
    clearTimeout(this.#settling);
    clearImmediate(this.#refreshing);
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
    this.#doubted.clear();
    this.#departed.close();
    if (this.#knowledge) this.#knowledge.ready = 0;
  }

  #open(id: string, endpoint: Endpoint, instance: Instance, config: PolicyConfig, options: ChannelOptions): void {
    const connection = new Connection(
      { endpoint, instance },
      this.#helper,
      { channel: connectionOptions(options), healthService: config.healthCheck ? config.healthService : undefined },
      () => this.#refreshSoon(),
    );
    this.#connections.set(id, connection);
    connection.connect();
  }

  #close(id: string): void {
    const connection = this.#connections.get(id) ?? this.#departed.take(id);
    connection?.close();
    this.#connections.delete(id);
    this.#doubted.delete(id);
  }

  #partWithAllBut(listed: ReadonlyMap<string, unknown>): void {
    for (const id of this.#connections.keys()) {
      if (!listed.has(id) && !this.#doubted.has(id)) this.#partWith(id);
    }
  }

  /** The registry does not list it any more: it gets no more calls, and its connection waits to see who else leaves. */
  #partWith(id: string): void {
    const connection = this.#connections.get(id)!;
    this.#connections.delete(id);
    this.#doubted.delete(id);
    connection.letLapse();
    if (connection.ready) this.#departed.add(id, connection);
    else connection.close();
  }

  /**
   * Everybody gone, and yet connected and healthy: rather the registry has lost them than they have stopped. Leases run out
   * one after the other, so that holds for those that were lost shortly before the last as well.
   */
  #doubtEmptiness(): void {
    const doubtedBefore = this.#doubted.size;
    for (const [id, connection] of this.#departed.takeAll()) this.#connections.set(id, connection);
    for (const [id, connection] of this.#connections) {
      if (this.#doubted.has(id)) continue;
      if (!connection.ready) this.#close(id);
      else {
        connection.letLapse();
        this.#doubted.add(id);
        // Hosts that lost their power look the same from here; a process that merely stalls comes back.
        void connection.check();
      }
    }
    if (this.#doubted.size === doubtedBefore) return;
    const { registry = "the registry", target } = this.#knowledge ?? {};
    log.warn(
      { service: target?.service, instances: [...this.#doubted] },
      `${registry} suddenly lists no instance of ${JSON.stringify(target?.service)}, but ${this.#doubted.size} are connected ` +
        "and healthy: they stay in use until they close or others register; check the registry",
    );
  }

  #scheduleTakeover(): void {
    this.#takeover ??= setTimeout(() => {
      this.#takeover = undefined;
      const replaced = [...this.#ready].some((id) => !this.#doubted.has(id));
      if (!replaced) return this.#scheduleTakeover();
      for (const id of this.#doubted) this.#partWith(id);
      log.info(
        { service: this.#knowledge?.target.service },
        "instances are listed again: those not listed are dropped",
      );
      this.#refresh();
    }, TAKEOVER_MS).unref();
  }

  /** Connections change in bursts (a rolling deploy, a start with a thousand instances): one look at all of them serves. */
  #refreshSoon(): void {
    this.#refreshing ??= setImmediate(() => this.#refresh());
  }

  #refresh(): void {
    clearImmediate(this.#refreshing);
    this.#refreshing = undefined;
    this.#departed.closeStopped();
    for (const id of this.#doubted) {
      // One that really stops closes its connection; one that was silent is dialled once.
      const state = this.#connections.get(id)?.state;
      if (state !== State.READY && state !== State.CONNECTING) this.#close(id);
    }
    const ready = new Set<string>();
    for (const [id, connection] of this.#connections) if (connection.ready) ready.add(id);
    const lost = [...this.#ready].some((id) => !ready.has(id) && this.#connections.has(id));
    this.#ready = ready;
    const instances = [...this.#connections.values()].map(({ instance }) => instance);
    this.#picker.set(ready, distanceFrom(this.#zone, instances));
    this.#report();
    if (lost) this.#helper.requestReresolution();
  }

  #report(): void {
    const connections = [...this.#connections.values()];
    const error = connections.find((connection) => connection.lastError)?.lastError;
    if (this.#knowledge) {
      this.#knowledge.ready = this.#ready.size;
      this.#knowledge.connectionError = error;
    }
    const pending = connections.some((connection) => connection.pending);
    if (this.#ready.size > 0) {
      if (pending && !this.#settled) this.#settleSoon();
      else this.#serve();
      return;
    }
    this.#settled = false;
    if (pending || connections.length === this.#doubted.size) {
      this.#helper.updateState(State.CONNECTING, this.#picker, null);
    } else {
      const details = this.#knowledge?.explain() ?? `no connection established; last error: ${error}`;
      const unavailable = new UnavailablePicker({ code: status.UNAVAILABLE, details, metadata: new Metadata() });
      this.#helper.updateState(State.TRANSIENT_FAILURE, unavailable, details);
    }
  }

  #serve(): void {
    this.#settled = true;
    this.#helper.updateState(State.READY, this.#picker, null);
  }

  #settleSoon(): void {
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined;
      if (this.#ready.size > 0) this.#serve();
    }, SETTLE_MS).unref();
  }
}

/** An instance by its address and by where that points now: a host name that moved is another connection. */
function identityOf({ address }: Instance, endpoint: Endpoint): string {
  const text = endpointText(endpoint);
  return text === address ? address : `${address} (${text})`;
}
