import { log } from "../log.js";
import type { Connection } from "./connection/connection.js";
import { upState } from "./connection/connection-state.js";

/** So many are named in one line. */
const NAMED = 50;

/** Logs joins, leaves and changes of health of a service's instances: one line for all that joined or left at once. */
export class ChangesLog {
  /** What each instance last said of its health. */
  readonly #health = new Map<string, string | undefined>();

  /** @param connections those there are now. */
  tell(service: string, connections: ReadonlyMap<string, Pick<Connection, "state">>): void {
    const joined = [...connections.keys()].filter((id) => !this.#health.has(id));
    const left = [...this.#health.keys()].filter((id) => !connections.has(id));
    for (const id of left) this.#health.delete(id);
    for (const [id, { state }] of connections) {
      const up = upState(state)?.is;
      const before = this.#health.get(id);
      this.#health.set(id, up ?? before);
      const flips = (up === "serving" && before === "not serving") || (up === "not serving" && before === "serving");
      if (flips) log.info({ service, instance: id, health: up }, `an instance is ${up}`);
    }
    if (joined.length + left.length === 0) return;
    log.info(
      { service, joined: named(joined), left: named(left), instances: connections.size },
      `instances changed: ${joined.length} joined, ${left.length} left`,
    );
  }
}

function named(ids: readonly string[]): readonly string[] {
  return ids.length > NAMED ? [...ids.slice(0, NAMED), "..."] : ids;
}
