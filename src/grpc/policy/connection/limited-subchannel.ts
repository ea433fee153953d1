import { connectivityState as State } from "@grpc/grpc-js";
import { afterRead } from "../../../async/after-read.js";
import type { Timing } from "../../../async/timing.js";
import type { DialLimit } from "../../../membership/connection/dial-limit.js";
import { BaseSubchannelWrapper, type Subchannel } from "../../shield/experimental.js";
import { abandonDial } from "../../subchannel-internals.js";

/**
 * An attempt to connect is given up after this time, in milliseconds: TCP would wait for two minutes, and would not notice
 * for long that a host is back. grpc-js sets no limit.
 */
export const CONNECT_MS = 10_000;

export interface DialRules {
  readonly limit: DialLimit;
  readonly timing: Timing;
  /** Whether the instance's last attempt failed. */
  hasFailed(): boolean;
  tookTooLong(): void;
}

/** A subchannel that waits its turn to dial, and does so for a limited time. */
export class LimitedSubchannel extends BaseSubchannelWrapper {
  readonly #rules: DialRules;
  /** Ends what the attempt under way, or waiting, holds. */
  #leave: (() => void) | undefined;

  constructor(subchannel: Subchannel, rules: DialRules) {
    super(subchannel);
    this.#rules = rules;
  }

  /** grpc-js calls this at every change of state until it is connected; only an idle subchannel dials. */
  override startConnecting(): void {
    const state = this.getConnectivityState();
    if (this.#leave || (state !== State.IDLE && state !== State.CONNECTING)) return;
    const ends: (() => void)[] = [];
    this.#leave = () => {
      this.#leave = undefined;
      for (const end of ends) end();
    };
    if (state === State.CONNECTING) ends.push(this.#follow());
    else {
      const dial = () => {
        ends.push(this.#follow());
        super.startConnecting();
      };
      ends.push(this.#rules.limit.dial(dial, this.#rules.hasFailed()));
    }
  }

  protected override destroy(): void {
    this.#leave?.();
    super.destroy();
  }

  /** Watches an attempt until it is over. */
  #follow(): () => void {
    const { timing, tookTooLong } = this.#rules;
    const listener = (_subchannel: Subchannel, _before: State, state: State) => {
      if (state !== State.CONNECTING) this.#leave?.();
    };
    this.addConnectivityStateListener(listener);
    const giveUp = () => {
      abandonDial(this);
      this.#leave?.();
      tookTooLong();
    };
    const stopTimer = afterRead(CONNECT_MS, giveUp, timing);
    return () => {
      stopTimer();
      this.removeConnectivityStateListener(listener);
    };
  }
}
