import { RpcError, Status } from "./status.js";

/** Each message of gRPC is preceded by a byte that says whether it is compressed and its length in four bytes. */
const PREFIX_BYTES = 5;

export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, PREFIX_BYTES);
  return framed;
}

/** Puts the messages of one stream together again from the chunks in which they arrive. */
export class FrameReader {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #held = 0;
  /** Length of the message that is arriving; undefined before its prefix is there. */
  #length: number | undefined;

  /** @param maxBytes Longest message that is read; a longer one is refused when its prefix arrives. */
  constructor(maxBytes = Number.POSITIVE_INFINITY) {
    this.#maxBytes = maxBytes;
  }

  /**
   * The messages that this chunk completes.
   * @throws RpcError INTERNAL for a compressed message, RESOURCE_EXHAUSTED for one that is too long.
   */
  *read(chunk: Buffer): Generator<Buffer> {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    for (;;) {
      if (this.#length === undefined) {
        if (this.#held < PREFIX_BYTES) return;
        this.#length = this.#lengthIn(this.#take(PREFIX_BYTES));
      }
      if (this.#held < this.#length) return;
      const message = this.#take(this.#length);
      this.#length = undefined;
      yield message;
    }
  }

  #lengthIn(prefix: Buffer): number {
    if (prefix[0] !== 0) throw new RpcError(Status.INTERNAL, "the answer is compressed, which was not asked for");
    const length = prefix.readUInt32BE(1);
    if (length > this.#maxBytes) throw new MessageTooLong(length, this.#maxBytes);
    return length;
  }

  #take(bytes: number): Buffer {
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#held);
    this.#chunks = all.length > bytes ? [all.subarray(bytes)] : [];
    this.#held = all.length - bytes;
    return all.subarray(0, bytes);
  }
}

/** The other side began to send a message longer than was asked for. */
export class MessageTooLong extends RpcError {
  readonly bytes: number;

  constructor(bytes: number, maxBytes: number) {
    super(Status.RESOURCE_EXHAUSTED, `the answer has ${bytes} bytes, more than ${maxBytes}`);
    this.bytes = bytes;
  }
}
