import * as grpc from "@grpc/grpc-js";

/** A grpc.Server that knows the names of its services. */
export class ServiceServer extends grpc.Server {
  readonly serviceNames = new Set<string>();

  override addService(service: grpc.ServiceDefinition, implementation: grpc.UntypedServiceImplementation): void {
    super.addService(service, implementation);
    for (const { path } of Object.values(service)) this.serviceNames.add(path.split("/")[1] ?? "");
  }

  /**
   * Binds `host:port`; an empty host means all interfaces, over IPv6 where there is any.
   * @returns the port bound.
   * @throws Error that names the address and the reason.
   */
  async listen(host: string, port: number, credentials: grpc.ServerCredentials): Promise<number> {
    if (host !== "") return this.#bind(host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`, credentials);
    return this.#bind(`[::]:${port}`, credentials).catch((error: Error) => {
      if (!/EAFNOSUPPORT|EADDRNOTAVAIL/.test(error.message)) throw error;
      return this.#bind(`0.0.0.0:${port}`, credentials);
    });
  }

  #bind(address: string, credentials: grpc.ServerCredentials): Promise<number> {
    return new Promise((resolve, reject) => {
      this.bindAsync(address, credentials, (error, port) => {
        if (error) reject(new Error(`cannot listen on ${address}: ${reasonOf(error)}`, { cause: error }));
        else resolve(port);
      });
    });
  }
}

function reasonOf({ message }: Error): string {
  if (message.includes("EADDRINUSE"))
    return "another process listens there (EADDRINUSE); stop it or choose another ListenOn";
  if (message.includes("EACCES")) return "this user may not use that port (EACCES); choose one above 1023 in ListenOn";
  if (message.includes("EADDRNOTAVAIL")) return "this machine has no such address (EADDRNOTAVAIL); check ListenOn";
  return message;
}
