import { randomUUID } from "node:crypto";
import { type ChannelOptions, Metadata, connectivityState as State, status } from "@grpc/grpc-js";
import { subset } from "../../balancer/subset.js";
import type { ChannelStatus } from "../../discovery/status.js";
import type { Instance } from "../../instance.js";
import { distanceFrom } from "../../membership/zone.js";
import { channelStatusOf, listedInstances } from "../instance-attributes.js";
import { POLICY } from "../service-config.js";
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
import { type Listed, Members } from "./members.js";
import { type PolicyConfig, parsePolicyConfig } from "./policy-config.js";

/** Registers the load-balancing policy `p2c_ewma` with grpc-js. */
export function registerP2cEwma(): void {
  registerPolicy(POLICY, { parse: parsePolicyConfig, create: (helper) => new P2cEwmaPolicy(helper) });
}

/**
 * How long calls that wait for a first connection wait for the others too, in milliseconds: else all of them would go to
 * the instance that happened to connect first.
 */
const SETTLE_MS = 50;

/** Tells this process from the other clients of a service when each takes a subset. */
const CLIENT = randomUUID();

/** Keeps a connection to every listed instance and lets the balancer choose among those that are ready. */
class P2cEwmaPolicy implements Policy<PolicyConfig> {
  readonly #helper: PolicyHelper;
  readonly #members: Members;
  readonly #picker: CallPicker;
  #knowledge: ChannelStatus | undefined;
  #zone = "";
  #ready = new Set<string>();
  /** Whether calls may start: some connection is ready, and the others have had their time. */
  #settled = false;
  #settling: NodeJS.Timeout | undefined;
  #refreshing: NodeJS.Immediate | undefined;

  constructor(helper: PolicyHelper) {
    this.#helper = helper;
    this.#members = new Members(
      () => this.#knowledge,
      () => this.#refresh(),
    );
    this.#picker = new CallPicker(this.#members.connections, () => this.#knowledge?.target.service ?? "");
  }

  update(endpoints: readonly Endpoint[], config: PolicyConfig, options: ChannelOptions): void {
    this.#knowledge = channelStatusOf(options);
    this.#zone = config.zone;
    const listed = new Map<string, Listed>();
    for (const one of listedInstances(endpoints, options)) listed.set(identityOf(one.instance, one.endpoint), one);
    const chosen = config.subset > 0 ? subset([...listed.keys()], config.subset, CLIENT) : listed.keys();
    const connecting = {
      channel: connectionOptions(options),
      healthService: config.healthCheck ? config.healthService : undefined,
    };
    const onChange = () => this.#refreshSoon();
    this.#members.set(listed, chosen, (one) => new Connection(one, this.#helper, connecting, onChange));
    this.#refresh();
  }

  /** A failed resolution says nothing about the instances, so what is known stays. */
  fail(error: StatusObject): void {
    if (this.#members.connections.size > 0) return;
    this.#helper.updateState(State.TRANSIENT_FAILURE, new UnavailablePicker(error), error.details);
  }

  /** Connections are kept up by themselves, so a call has nothing to wake. */
  exitIdle(): void {}

  destroy(): void {
    clearTimeout(this.#settling);
    clearImmediate(this.#refreshing);
    this.#members.close();
    if (this.#knowledge) this.#knowledge.ready = 0;
  }

  /** Connections change in bursts (a rolling deploy, a start with a thousand instances): one look at all of them serves. */
  #refreshSoon(): void {
    this.#refreshing ??= setImmediate(() => this.#refresh());
  }

  #refresh(): void {
    clearImmediate(this.#refreshing);
    this.#refreshing = undefined;
    this.#members.closeStopped();
    const { connections } = this.#members;
    const ready = new Set<string>();
    for (const [id, connection] of connections) if (connection.ready) ready.add(id);
    const lost = [...this.#ready].some((id) => !ready.has(id) && connections.has(id));
    this.#ready = ready;
    const instances = [...connections.values()].map(({ instance }) => instance);
    this.#picker.set(ready, distanceFrom(this.#zone, instances));
    this.#report();
    if (lost) this.#helper.requestReresolution();
  }

  #report(): void {
    const connections = [...this.#members.connections.values()];
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
    if (pending || this.#members.allDoubted) {
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
