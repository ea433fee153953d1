import { EventEmitter } from "node:events";
import type { Metadata } from "@grpc/grpc-js";

/** The server's end of a bidirectional call, as grpc-js hands it to the dev registry's services. */
export class Duplex extends EventEmitter {
  readonly metadata: Metadata;
  readonly #write: (message: unknown) => void;
  #held: unknown[] | undefined;
  #over = false;

  /** @param write takes a message; @param end the status, undefined for OK. */
  constructor(
    metadata: Metadata,
    write: (message: unknown) => void,
    end: (failure: { code: number; details: string } | undefined) => void,
  ) {
    super();
    this.metadata = metadata;
    this.#write = write;
    const finish = (failure: { code: number; details: string } | undefined) => {
      if (this.#over) return;
      this.#over = true;
      end(failure);
      this.emit("close");
    };
    this.on("error", finish);
    this.on("finish", () => finish(undefined));
  }

  write(message: unknown): boolean {
    if (!this.#over) this.#write(message);
    return true;
  }

  end(): void {
    this.emit("finish");
  }

  pause(): void {
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const message of held) this.emit("data", message);
  }

  receive(message: unknown): void {
    if (this.#over) return;
    if (this.#held) this.#held.push(message);
    else this.emit("data", message);
  }

  /** The client is gone. */
  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.emit("close");
  }
}
