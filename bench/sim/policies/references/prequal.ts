import { PROBES_A_CALL, ProbePool } from "./probe-pool.js";
import { Reference, type Seen } from "./reference.js";

/**
 * Prequal (Wydrowski, Kleinberg, Rumble and Archer, "Load is not what you should balance: Introducing Prequal", NSDI 2024),
 * asynchronous: each call sends three probes to servers drawn without replacement, and goes to one that earlier probes told of;
 * at random where fewer than two are known. Servers answer probes with their calls in flight and the median of what calls took
 * lately that found about as many.
 *
 * Where the paper leaves it open: a newer probe replaces the one of the same server (its formula for reuse says so by 1 - m/n),
 * a probe is used once where that formula has no positive value (fewer than 24 servers), and its heuristics against servers
 * that fail fast are not published and left out.
 */
export class Prequal extends Reference<Seen> {
  readonly #pool = new ProbePool(this.around.random);

  protected unseen(server: number): Seen {
    return { server, running: 0 };
  }

  protected choose(): Seen {
    this.#pool.keep((server) => this.by.has(server), this.now);
    const chosen = this.#pool.choose();
    for (const { server } of this.#drawn()) {
      this.around.probe(server, (answer) => {
        if (this.by.has(server)) this.#pool.add(server, answer, this.list.length, this.now);
      });
    }
    return chosen === undefined ? this.any() : this.by.get(chosen)!;
  }

  #drawn(): Set<Seen> {
    const drawn = new Set<Seen>();
    const most = Math.min(PROBES_A_CALL, this.list.length);
    while (drawn.size < most) drawn.add(this.any());
    return drawn;
  }
}
