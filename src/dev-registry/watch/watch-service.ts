import type { Metadata, ServerDuplexStream } from "@grpc/grpc-js";
import type { WatchRequest, WatchResponse } from "../../proto/etcd.js";
import type { WatchServer } from "../../proto/etcd-services.js";
import { admitted } from "../calls.js";
import { EtcdError } from "../errors.js";
import type { Admission } from "../faults/admission.js";
import type { Identity } from "../identity.js";
import type { Store } from "../store.js";
import { WatchStream } from "./watch-stream.js";

type WatchCall = ServerDuplexStream<WatchRequest, WatchResponse>;

/** All watch streams: feeds them with requests, tells them of commits and of progress that is due. */
export class WatchStreams {
  readonly #admission: Admission;
  readonly #identity: Identity;
  readonly #store: Store;
  readonly #streams = new Map<WatchCall, WatchStream>();
  readonly #progress: NodeJS.Timeout;
  #frozen = false;

  constructor(admission: Admission, identity: Identity, store: Store, progressNotifyIntervalMs: number) {
    this.#admission = admission;
    this.#identity = identity;
    this.#store = store;
    this.#progress = setInterval(() => this.#notifyProgress(), progressNotifyIntervalMs);
    store.onCommit(() => {
      for (const stream of this.#streams.values()) stream.advance();
    });
  }

  get implementation(): WatchServer {
    return { watch: (call) => this.#open(call) };
  }

  /** Neither reads nor writes on any watch stream, present or future, until told otherwise. */
  freeze(on: boolean): void {
    this.#frozen = on;
    for (const [call, stream] of this.#streams) {
      if (on) {
        call.pause();
        stream.pause();
      } else {
        call.resume();
        stream.resume();
      }
    }
  }

  /** Ends all streams with an error. */
  endAll(error: EtcdError): void {
    const { code, message: details } = error;
    for (const call of this.#streams.keys()) call.emit("error", { code, details });
    this.#streams.clear();
  }

  close(): void {
    clearInterval(this.#progress);
    this.#streams.clear();
  }

  #open(call: WatchCall): void {
    if (!admitted(this.#admission, "Watch", call)) return;
    const stream = new WatchStream(this.#store, this.#identity, (response) => call.write(response));
    this.#streams.set(call, stream);
    call.on("drain", () => {
      if (!this.#frozen) stream.resume();
    });
    call.on("close", () => this.#streams.delete(call));
    // The end of the client's half is no end of the watch: etcd goes on sending until the call is cancelled.
    call.on("data", (request: WatchRequest) => this.#serve(stream, request, call.metadata));
    if (this.#frozen) {
      call.pause();
      stream.pause();
    }
  }

  #serve(stream: WatchStream, { requestUnion: request }: WatchRequest, metadata: Metadata): void {
    switch (request?.$case) {
      case "createRequest": {
        const refusal = this.#refusal(metadata);
        if (refusal === undefined) stream.create(request.value);
        else stream.refuse(refusal);
        break;
      }
      case "cancelRequest":
        stream.cancel(request.value.watchId);
        break;
      case "progressRequest":
        stream.answerProgress();
        break;
    }
  }

  /** Tokens are checked when a watch is created, not when its stream is opened. */
  #refusal(metadata: Metadata): string | undefined {
    try {
      this.#admission.access.check(metadata, true);
      return undefined;
    } catch (error) {
      if (error instanceof EtcdError) return String(error);
      throw error;
    }
  }

  #notifyProgress(): void {
    if (this.#frozen) return;
    for (const stream of this.#streams.values()) stream.notifyProgress();
  }
}
