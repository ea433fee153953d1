import type { ServerReport } from "../../world/server-report.js";
import { Reference, type Seen } from "./reference.js";

/** Share of a new value in the moving averages, as in the authors' Cassandra. */
const NEW_SHARE = 0.9;

interface Scored extends Seen {
  /** Moving averages; undefined until the first answer. */
  responseMs: number | undefined;
  serviceMs: number;
  queue: number;
}

/**
 * C3 (Suresh, Canini, Schmid and Feldmann, "C3: Cutting Tail Latency in Cloud Data Stores via Adaptive Replica Selection",
 * NSDI 2015): the server with the least `R - s + q³ s`, where R is the response time that the client sees, s the service time
 * and Q the queue that servers send with their answers, all as moving averages, and
 * `q = 1 + calls of this client in flight there x clients + Q`.
 *
 * Left out: the rate control of section 3.2, which holds calls back at the client; a server that is not known yet comes first.
 */
export class C3 extends Reference<Scored> {
  protected unseen(server: number): Scored {
    return { server, running: 0, responseMs: undefined, serviceMs: 0, queue: 0 };
  }

  protected choose(): Scored {
    return this.least((seen) => this.#score(seen));
  }

  #score({ running, responseMs, serviceMs, queue }: Scored): number {
    const q = 1 + running * this.around.clients + queue;
    // One call finds out; until it is answered the server counts as one of 1 ms.
    if (responseMs === undefined) return running === 0 ? Number.NEGATIVE_INFINITY : q ** 3;
    return responseMs - serviceMs + q ** 3 * serviceMs;
  }

  protected override learn(seen: Scored, latencyMs: number, ok: boolean, report?: ServerReport): void {
    if (!ok || !report) return;
    const old = seen.responseMs === undefined ? 0 : 1 - NEW_SHARE;
    const mix = (before: number, value: number) => old * before + (1 - old) * value;
    seen.responseMs = mix(seen.responseMs ?? 0, latencyMs);
    seen.serviceMs = mix(seen.serviceMs, report.serviceMs);
    seen.queue = mix(seen.queue, report.inFlight);
  }
}
