import * as grpc from "@grpc/grpc-js";
import { formatAddress, type HostPort, isWildcardHost } from "../../address.js";
import { withSizes } from "./message-sizes.js";
import { recovered } from "./recover.js";

/** A grpc.Server that knows the names of its services, and whose handlers may throw. */
export class ServiceServer extends grpc.Server {
  readonly serviceNames = new Set<string>();

  override addService(service: grpc.ServiceDefinition, implementation: grpc.UntypedServiceImplementation): void {
    super.addService(withSizes(service), recovered(service, implementation));
    for (const { path } of Object.values(service)) this.serviceNames.add(path.split("/")[1] ?? "");
  }

  /**
   * Binds `host:port`. Every wildcard (empty, 0.0.0.0, ::) means all interfaces, over IPv6 and IPv4, as in Go; over IPv4 alone
   * where the machine has no IPv6.
   * @returns what was bound.
   * @throws Error that names the address and the reason.
   */
  async listen(host: string, port: number, credentials: grpc.ServerCredentials): Promise<HostPort> {
    if (!isWildcardHost(host)) return { host, port: await this.#bind(formatAddress({ host, port }), credentials) };
    try {
      return { host: "::", port: await this.#bind(`[::]:${port}`, credentials) };
    } catch (error) {
      if (!/EAFNOSUPPORT|EADDRNOTAVAIL/.test((error as Error).message)) throw error;
      return { host: "0.0.0.0", port: await this.#bind(`0.0.0.0:${port}`, credentials) };
    }
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
