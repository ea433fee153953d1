import { type ChannelOptions, connectivityState as State } from "@grpc/grpc-js";
import type { Instance } from "../instance.js";
import { CallDoor } from "./call-door.js";
import { watchHealth } from "./health-watch.js";
import {
  childHelper,
  createLeaf,
  type Endpoint,
  type Leaf,
  type PolicyHelper,
  redial,
  type Subchannel,
  subchannelOf,
} from "./shield.js";

export interface ConnectionOptions {
  /** Passed to grpc-js for the connection. */
  channel: ChannelOptions;
  /** Service name of the health Watch, or undefined for none. */
  healthService: string | undefined;
}

/** The policy's connection to one instance: dials, redials, and says whether a call may be sent there. */
export class Connection {
  /** What the registry says of the instance now. */
  instance: Instance;
  /** Why the last attempt to connect failed. */
  lastError: string | undefined;
  readonly #leaf: Leaf;
  readonly #healthService: string | undefined;
  readonly #onChange: () => void;
  #door: CallDoor | undefined;
  #connected: Subchannel | undefined;
  /** Undefined until the instance has said it. */
  #serving: boolean | undefined;
  #stopHealth: (() => void) | undefined;
  #closed = false;

  /** @param onChange called whenever what the getters say may have changed. */
  constructor(
    { endpoint, instance }: { endpoint: Endpoint; instance: Instance },
    helper: PolicyHelper,
    options: ConnectionOptions,
    onChange: () => void,
  ) {
    this.instance = instance;
    this.#healthService = options.healthService;
    this.#onChange = onChange;
    const ownHelper = childHelper(helper, {
      createSubchannel: (address, args) => redial(helper.createSubchannel(address, args)),
      updateState: (_state, _picker, error) => this.#update(error ?? undefined),
    });
    this.#leaf = createLeaf(endpoint, ownHelper, options.channel);
  }

  connect(): void {
    this.#leaf.startConnecting();
  }

  get state(): State {
    return this.#leaf.getConnectivityState();
  }

  /** Connected, and as far as known the instance wants calls. */
  get ready(): boolean {
    return this.#door !== undefined && this.#serving === true;
  }

  /** On the way to being ready: connecting, or waiting for the first word on the instance's health. */
  get pending(): boolean {
    if (this.#door) return this.#serving === undefined;
    return this.state !== State.TRANSIENT_FAILURE;
  }

  /** Where calls are started; only while ready. */
  get door(): CallDoor | undefined {
    return this.#door;
  }

  /** New calls stop at once; calls that run finish, and then grpc-js closes the connection. */
  close(): void {
    this.#closed = true;
    this.#disconnected();
    this.#leaf.destroy();
  }

  #update(error: string | undefined): void {
    if (this.#closed) return;
    this.lastError = error;
    const subchannel = this.state === State.READY ? subchannelOf(this.#leaf) : undefined;
    if (subchannel !== this.#connected) {
      this.#disconnected();
      if (subchannel) this.#nowConnected(subchannel);
    }
    // grpc-js leaves a connection that broke idle; an instance that is listed is kept connected.
    if (this.state === State.IDLE) this.#leaf.exitIdle();
    this.#onChange();
  }

  #nowConnected(subchannel: Subchannel): void {
    this.#connected = subchannel;
    this.#door = new CallDoor(subchannel);
    if (this.#healthService === undefined) {
      this.#serving = true;
      return;
    }
    this.#stopHealth = watchHealth(subchannel, this.#healthService, (serving) => {
      if (this.#serving === serving) return;
      this.#serving = serving;
      this.lastError = serving ? undefined : `${this.instance.address} says it is not serving`;
      this.#onChange();
    });
  }

  #disconnected(): void {
    this.#stopHealth?.();
    this.#stopHealth = undefined;
    this.#connected = undefined;
    this.#door = undefined;
    this.#serving = undefined;
  }
}
