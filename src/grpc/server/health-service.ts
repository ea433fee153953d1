import type { Server } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";

export const HEALTH_SERVICE = "grpc.health.v1.Health";

/** grpc.health.v1 of one server: its services and "", the server as a whole, share one status. */
export class ServerHealth {
  readonly #implementation: HealthImplementation;
  readonly #services: readonly string[];

  constructor(services: Iterable<string>) {
    this.#services = ["", ...services];
    this.#implementation = new HealthImplementation(this.#statuses("NOT_SERVING"));
  }

  addTo(server: Server): void {
    this.#implementation.addToServer(server);
  }

  set(status: "SERVING" | "NOT_SERVING"): void {
    for (const service of this.#services) this.#implementation.setStatus(service, status);
  }

  #statuses(status: "SERVING" | "NOT_SERVING") {
    return Object.fromEntries(this.#services.map((service) => [service, status]));
  }
}
