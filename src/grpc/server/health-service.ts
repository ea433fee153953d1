import * as grpc from "@grpc/grpc-js";
import {
  type HealthCheckRequest,
  type HealthCheckResponse,
  type HealthListResponse,
  type HealthServer,
  HealthService,
  HealthCheckResponse_ServingStatus as Status,
} from "../../proto/health.js";

export const HEALTH_SERVICE = "grpc.health.v1.Health";

/** What a service says of itself. */
export type ServingStatus = "SERVING" | "NOT_SERVING";

type Watch = grpc.ServerWritableStream<HealthCheckRequest, HealthCheckResponse>;

/** With more services List answers RESOURCE_EXHAUSTED, as the protocol allows. */
const MOST_LISTED = 100;

/**
 * grpc.health.v1 of one server (https://github.com/grpc/grpc/blob/master/doc/health-checking.md): Check, Watch and List.
 * NOT_SERVING until told otherwise.
 */
export class ServerHealth {
  readonly #statuses: Map<string, Status>;
  readonly #watches = new Set<Watch>();

  /** @param services full names such as `shop.Cart`; "", the server as a whole, is always among them. */
  constructor(services: Iterable<string> = []) {
    this.#statuses = new Map(["", ...services].map((service) => [service, Status.NOT_SERVING]));
  }

  /** Before the server is bound. */
  addTo(server: grpc.Server): void {
    const implementation: HealthServer = {
      check: (call, callback) => this.#check(call.request, callback),
      watch: (call) => this.#watch(call),
      list: (_call, callback) => this.#list(callback),
    };
    server.addService(HealthService, implementation);
  }

  /** Sets the status of one service, or of the server and all its services. A service that was not known becomes so. */
  set(status: ServingStatus, service?: string): void {
    const services = service === undefined ? [...this.#statuses.keys()] : [service];
    const changed = services.filter((name) => this.#statuses.get(name) !== Status[status]);
    for (const name of changed) this.#statuses.set(name, Status[status]);
    for (const watch of this.#watches) if (changed.includes(watch.request.service)) this.#tell(watch);
  }

  /**
   * Ends the watches with UNAVAILABLE; they never end by themselves, and a graceful shutdown waits for them. To be called when
   * NOT_SERVING has been said.
   */
  endWatches(): void {
    const error = { code: grpc.status.UNAVAILABLE, details: "the server is stopping" };
    for (const watch of this.#watches) watch.emit("error", error);
    this.#watches.clear();
  }

  #check({ service }: HealthCheckRequest, callback: grpc.sendUnaryData<HealthCheckResponse>): void {
    const status = this.#statuses.get(service);
    if (status !== undefined) callback(null, { status });
    else callback({ code: grpc.status.NOT_FOUND, details: `this server has no service ${JSON.stringify(service)}` });
  }

  /** Never ends by itself. A service that is not known may become so, as the protocol has it. */
  #watch(call: Watch): void {
    this.#watches.add(call);
    for (const end of ["cancelled", "close", "error"]) call.on(end, () => this.#watches.delete(call));
    this.#tell(call);
  }

  #tell(watch: Watch): void {
    watch.write({ status: this.#statuses.get(watch.request.service) ?? Status.SERVICE_UNKNOWN });
  }

  #list(callback: grpc.sendUnaryData<HealthListResponse>): void {
    if (this.#statuses.size > MOST_LISTED) {
      const details = `this server has ${this.#statuses.size} services, more than the ${MOST_LISTED} that are listed`;
      callback({ code: grpc.status.RESOURCE_EXHAUSTED, details });
    } else {
      const statuses = [...this.#statuses].map(([service, status]) => [service, { status }]);
      callback(null, { statuses: Object.fromEntries(statuses) });
    }
  }
}
