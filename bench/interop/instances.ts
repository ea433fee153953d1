import { EventEmitter, once } from "node:events";
import * as grpc from "@grpc/grpc-js";
import { EchoService, EMPTY } from "./programs/echo.js";

/** An instance made with grpc-js alone, which neither library knows. It notes who calls it, by the metadata `caller`. */
export class NotingInstance extends EventEmitter<{ call: [string] }> {
  readonly #server = new grpc.Server();
  readonly #first = new Map<string, number>();
  readonly #last = new Map<string, number>();

  private constructor() {
    super();
    this.#server.addService(EchoService, {
      say: (call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
        this.#note(String(call.metadata.get("caller")[0] ?? ""));
        done(null, EMPTY);
      },
    });
  }

  /** @param ports how many ports of 127.0.0.1 it listens on. */
  static async start(ports = 1): Promise<{ instance: NotingInstance; addresses: string[] }> {
    const instance = new NotingInstance();
    const addresses = [];
    for (let i = 0; i < ports; i++) addresses.push(await instance.#listen());
    return { instance, addresses };
  }

  /** When the caller's first call came, by performance.now(); awaits it. */
  async firstCall(caller: string): Promise<number> {
    while (!this.#first.has(caller)) await once(this, "call");
    return this.#first.get(caller)!;
  }

  /** When the caller's last call until now came. */
  lastCall(caller: string): number {
    return this.#last.get(caller) ?? Number.NaN;
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  #note(caller: string): void {
    const now = performance.now();
    if (!this.#first.has(caller)) this.#first.set(caller, now);
    this.#last.set(caller, now);
    this.emit("call", caller);
  }

  #listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(`127.0.0.1:${port}`),
      );
    });
  }
}
