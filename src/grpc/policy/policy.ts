import { type ChannelOptions, Metadata, connectivityState as State, status } from "@grpc/grpc-js";
import { systemTiming } from "../../async/timing.js";
import type { ShownNode } from "../../balancer/node.js";
import type { ChannelStatus } from "../../discovery/status.js";
import type { Instance } from "../../instance.js";
import { ChannelSource } from "../../membership/channel-source.js";
import type { ChannelState } from "../../membership/channel-state.js";
import { choose } from "../../membership/choice.js";
import { DialLimit } from "../../membership/connection/dial-limit.js";
import { connectionIdentity } from "../../membership/identity.js";
import { Membership } from "../../membership/membership.js";
import { instancesOf } from "../instance-attributes.js";
import { HASH_POLICY, POLICY } from "../service-config.js";
import {
  type Endpoint,
  endpointText,
  type Picker,
  type PolicyHelper,
  type StatusObject,
  UnavailablePicker,
} from "../shield/experimental.js";
import { type Policy, registerPolicy } from "../shield/policies.js";
import { sourceHolderOf } from "../source-holder.js";
import { CallPicker } from "./call-picker.js";
import { connectionOptions, quietKeepaliveMs } from "./connection/connection-options.js";
import type { GrpcSession } from "./connection/grpc-session.js";
import { GrpcTransport, type ListedEndpoint } from "./connection/grpc-transport.js";
import type { Identity } from "./connection/identity-check.js";
import { TooManyPings } from "./connection/too-many-pings.js";
import { type HashConfig, parseHashConfig } from "./hash-config.js";
import { HashPicker } from "./hash-picker.js";
import { healthCheckService, type MembersConfig, type PolicyConfig, parsePolicyConfig } from "./policy-config.js";

type Connections = Membership<ListedEndpoint, GrpcSession>["connections"];

/** Chooses among the connections that are ready. */
interface Chooser<C> extends Picker {
  /** @param instances all that are known. */
  set(usable: Iterable<string>, config: C, instances: readonly Instance[]): void;
  /** Those to choose from with what is known of them, for display. */
  nodes(): readonly ShownNode<string>[];
}

/** What one of Rollcall's policies has of its own. */
interface PolicyKind<C extends MembersConfig> {
  /** @throws Error that says what is wrong with the config. */
  parse(json: object): C;
  newChooser(connections: Connections, source: ChannelSource): Chooser<C>;
  /** Clients of one name that cannot connect to all instances connect to the same ones. Default each chooses for itself. */
  readonly clientName?: string;
  /** Whether calls belong to their instance, and wait for it while it is probed. Default false: others get them. */
  readonly keepsProbed?: boolean;
}

/** Registers Rollcall's load-balancing policies with grpc-js: `p2c_ewma` and `consistent_hash`. */
export function registerPolicies(): void {
  register<PolicyConfig>(POLICY, {
    parse: parsePolicyConfig,
    newChooser: (connections, source) => new CallPicker(connections, source),
  });
  register<HashConfig>(HASH_POLICY, {
    parse: parseHashConfig,
    newChooser: (connections, source) => new HashPicker(connections, source),
    clientName: HASH_POLICY,
    keepsProbed: true,
  });
}

function register<C extends MembersConfig>(name: string, kind: PolicyKind<C>): void {
  registerPolicy(name, { parse: kind.parse, create: (helper) => new InstancePolicy(name, helper, kind) });
}

/** Schemes whose instances do not register themselves. */
const LISTED_BY_OTHERS = new Set(["dns", "k8s", "direct"]);

/** Keeps a connection to every listed instance and lets a chooser choose among those that are ready. */
class InstancePolicy<C extends MembersConfig> implements Policy<C> {
  readonly #helper: PolicyHelper;
  readonly #membership: Membership<ListedEndpoint, GrpcSession>;
  readonly #source: ChannelSource;
  readonly #picker: Chooser<C>;
  readonly #clientName: string | undefined;
  readonly #limit = new DialLimit(systemTiming);
  readonly #pings = new TooManyPings();
  #status: ChannelStatus | undefined;
  #config: C;
  #options: ChannelOptions = {};
  /** Addresses of instances that only a snapshot has named. */
  #unconfirmed: ReadonlySet<string> = new Set();

  constructor(
    name: string,
    helper: PolicyHelper,
    { parse, newChooser, clientName, keepsProbed = false }: PolicyKind<C>,
  ) {
    this.#helper = helper;
    this.#config = parse({});
    this.#clientName = clientName;
    const subject = () => ({ service: this.#service, registry: this.#status?.registry ?? "the resolver" });
    const listener = {
      state: (state: ChannelState) => this.#report(state),
      lost: () => this.#helper.requestReresolution(),
    };
    const rules = () => ({
      maxSetAside: this.#config.maxSetAside,
      keepsProbed,
      awaited: this.#status?.isAwaited ?? false,
    });
    this.#membership = new Membership(() => this.#connecting(), systemTiming, subject, listener, rules);
    const policy = this;
    this.#source = new ChannelSource({
      get status() {
        return policy.#status;
      },
      get config() {
        return policy.#config;
      },
      connections: this.#membership.connections,
      policy: name,
      nodes: () => this.#picker.nodes(),
      get unlisted() {
        return policy.#membership.unlisted;
      },
    });
    this.#picker = newChooser(this.#membership.connections, this.#source);
  }

  get #service(): string {
    return this.#status?.target.service ?? "";
  }

  update(endpoints: readonly Endpoint[], config: C, options: ChannelOptions): void {
    const attributes = instancesOf(options);
    this.#status = attributes?.status;
    const holder = sourceHolderOf(options);
    holder?.hold(this.#source);
    if (holder) this.#source.streaming = holder.streaming;
    this.#config = config;
    this.#options = options;
    const listed = new Map<string, ListedEndpoint>();
    const add = (one: ListedEndpoint) => listed.set(identityOf(one), one);
    if (attributes) {
      for (const { instance, addresses } of attributes.instances)
        add({ instance, endpoint: { addresses: [...addresses] } });
    } else for (const endpoint of endpoints) add({ instance: { address: endpointText(endpoint) }, endpoint });
    const unconfirmed = attributes?.instances.filter((one) => one.unconfirmed) ?? [];
    this.#unconfirmed = new Set(unconfirmed.map(({ instance }) => instance.address));
    this.#membership.set(listed, choose([...listed.keys()], config.subset, this.#clientName));
  }

  /** A failed resolution says nothing about the instances, so what is known stays. */
  fail(error: StatusObject): void {
    if (this.#membership.connections.size > 0) return;
    this.#helper.updateState(State.TRANSIENT_FAILURE, new UnavailablePicker(error), error.details);
  }

  /** Connections are kept up by themselves, so a call has nothing to wake. */
  exitIdle(): void {}

  destroy(): void {
    this.#membership.close();
    this.#source.close();
    if (this.#status) this.#status.ready = 0;
  }

  /** How an instance that is listed now is connected to. */
  #connecting() {
    const { healthCheck, healthService, silentCallGraceMs } = this.#config;
    const options = this.#options;
    const named = healthService ?? healthCheckService(options["grpc.service_config"]) ?? "";
    const transport = new GrpcTransport({
      helper: this.#helper,
      channel: connectionOptions(options, this.#status !== undefined),
      healthService: healthCheck ? named : undefined,
      identityOf: ({ instance }) => this.#identityOf(instance.address),
      limit: this.#limit,
      pings: this.#pings,
      timing: systemTiming,
    });
    const keepaliveMs = quietKeepaliveMs(options, healthCheck);
    return { transport, settings: { timing: systemTiming, keepaliveMs, callGraceMs: silentCallGraceMs } };
  }

  /** What an instance must say of itself before it is called; undefined where the registry's word is enough. */
  #identityOf(address: string): Identity | undefined {
    if (!this.#status || !this.#unconfirmed.has(address)) return undefined;
    const { scheme, service } = this.#status.target;
    return { key: LISTED_BY_OTHERS.has(scheme) ? undefined : service, services: this.#status.called };
  }

  #report(state: ChannelState): void {
    const usable = state.is === "ready" ? state.usable : [];
    const { connections, lastError } = this.#membership;
    const instances = [...connections.values()].map(({ listed }) => listed.instance);
    this.#picker.set(usable, this.#config, instances);
    this.#source.update(state);
    if (this.#status) {
      this.#status.ready = usable.length;
      this.#status.connectionError = lastError;
    }
    if (state.is === "ready") this.#helper.updateState(State.READY, this.#picker, null);
    else if (state.is === "connecting") this.#helper.updateState(State.CONNECTING, this.#picker, null);
    else {
      const details = this.#status?.explain() ?? `no connection established; last error: ${lastError}`;
      const unavailable = new UnavailablePicker({ code: status.UNAVAILABLE, details, metadata: new Metadata() });
      this.#helper.updateState(State.TRANSIENT_FAILURE, unavailable, details);
    }
  }
}

function identityOf({ instance, endpoint }: ListedEndpoint): string {
  return connectionIdentity(instance.address, endpointText(endpoint));
}
