import { type ChannelOptions, connectivityState as State } from "@grpc/grpc-js";
import type { Instance } from "../../instance.js";
import { log } from "../../log.js";
import {
  childHelper,
  createLeaf,
  type Endpoint,
  type Leaf,
  type PolicyHelper,
  redial,
  type Subchannel,
  subchannelOf,
} from "../shield.js";
import { watchHealth } from "./health-watch.js";
import { CallDoor } from "./observed-subchannel.js";
import { givesSignOfLife } from "./probe.js";

/** A connection on which a call timed out and nothing is heard for so long is given up. Milliseconds. */
const SILENCE_MS = 2_000;

/**
 * An attempt to connect is given up after this time, in milliseconds: TCP would wait for two minutes, and would not notice
 * for long that a host is back. grpc-js sets no limit.
 */
const CONNECT_MS = 10_000;

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
  /** When an answer last began to come, in milliseconds of performance.now. */
  heardAt = 0;
  #leaf: Leaf;
  readonly #newLeaf: () => Leaf;
  readonly #healthService: string | undefined;
  readonly #onChange: () => void;
  #door: CallDoor | undefined;
  #connected: Subchannel | undefined;
  /** Undefined until the instance has said it. */
  #serving: boolean | undefined;
  #stopHealth: (() => void) | undefined;
  #checking = false;
  #keptUp = true;
  #connectTimer: NodeJS.Timeout | undefined;
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
    let generation = 0;
    this.#newLeaf = () => {
      // grpc-js shares connections with equal options; one that is given up must not be had again.
      const channel = generation > 0 ? { ...options.channel, "rollcall.generation": generation } : options.channel;
      generation += 1;
      const ownHelper = childHelper(helper, {
        createSubchannel: (address, args) => redial(helper.createSubchannel(address, args)),
        updateState: (_state, _picker, error) => this.#update(error ?? undefined),
      });
      return createLeaf(endpoint, ownHelper, channel);
    };
    this.#leaf = this.#newLeaf();
  }

  connect(): void {
    this.#leaf.startConnecting();
  }

  /** The instance is listed, as this: its connection is dialled anew whenever it is lost. */
  keepUp(instance: Instance): void {
    this.instance = instance;
    this.#keptUp = true;
    if (this.state === State.IDLE) this.connect();
  }

  /** The instance is not listed: its connection is used as long as it lasts, and then nobody waits for another. */
  letLapse(): void {
    this.#keptUp = false;
  }

  /**
   * To be called when there is doubt, as when a call timed out without an answer: if the connection gives no sign of life
   * now, it is replaced. A frozen process and a host that vanished look alike from here, and neither closes its connections.
   */
  async check(): Promise<void> {
    const subchannel = this.#connected;
    if (!subchannel || this.#checking) return;
    this.#checking = true;
    const alive = await givesSignOfLife(subchannel, SILENCE_MS);
    this.#checking = false;
    if (alive || subchannel !== this.#connected) return;
    log.warn({ instance: this.instance.address }, `no sign of life for ${SILENCE_MS} ms: connecting anew`);
    this.#replace(`no sign of life for ${SILENCE_MS} ms`);
    this.connect();
    this.#onChange();
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
    clearTimeout(this.#connectTimer);
    this.#disconnected();
    this.#leaf.destroy();
  }

  /** Makes ready to dial anew. Calls that run on the old connection are left to their deadlines. */
  #replace(why: string): void {
    const given = this.#leaf;
    this.#disconnected();
    this.#leaf = this.#newLeaf();
    given.destroy();
    this.lastError = `${this.instance.address}: ${why}`;
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
    if (this.state === State.IDLE && this.#keptUp) this.#leaf.exitIdle();
    this.#limitConnecting();
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

  #limitConnecting(): void {
    if (this.state !== State.CONNECTING) {
      clearTimeout(this.#connectTimer);
      this.#connectTimer = undefined;
    } else {
      this.#connectTimer ??= setTimeout(() => {
        this.#connectTimer = undefined;
        this.#replace(`no connection within ${CONNECT_MS} ms`);
        if (this.#keptUp) this.connect();
        this.#onChange();
      }, CONNECT_MS).unref();
    }
  }

  #disconnected(): void {
    this.#stopHealth?.();
    this.#stopHealth = undefined;
    this.#connected = undefined;
    this.#door = undefined;
    this.#serving = undefined;
  }
}
