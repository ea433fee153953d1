import { Reference, type Seen } from "./reference.js";

/** Servers whose queue is asked for at each call. */
const SAMPLED = 2;

interface Local extends Seen {
  /** How long the client takes the queue to be. */
  queue: number;
}

/**
 * Local shortest queue, LSQ-Sample(2) (Vargaftik, Keslassy and Orda, "LSQ: Load Balancing in Large-Scale Heterogeneous Systems
 * with Multiple Dispatchers", IEEE/ACM Transactions on Networking 2020): each client has its own view of all queues, which is
 * out of date, and takes the shortest, ties at random. Its own calls make the view longer; only servers that it asks, two at
 * random for each call, put it right.
 */
export class LocalShortestQueue extends Reference<Local> {
  protected unseen(server: number): Local {
    return { server, running: 0, queue: 0 };
  }

  protected choose(): Local {
    const chosen = this.least(({ queue }) => queue);
    chosen.queue += 1;
    for (let i = 0; i < SAMPLED; i++) {
      const asked = this.any();
      this.around.probe(asked.server, ({ inFlight }) => {
        asked.queue = inFlight;
      });
    }
    return chosen;
  }
}
