/** Of Node's streams, which tell by events that they fail. */
export function isStream(body: unknown): body is NodeJS.EventEmitter {
  return typeof body === "object" && body !== null && "on" in body && typeof body.on === "function";
}

/** The same body; one that is iterated (a generator, a web stream) remembers what it failed with, as Node's streams do. */
export function remembering(body: unknown): unknown {
  return isStream(body) || !isIterated(body) ? body : new IteratedBody(body);
}

/** What a body has failed with. undici ends Node's streams with the error of their connection, too. */
export function errorOf(body: unknown): unknown {
  return typeof body === "object" && body !== null && "errored" in body ? (body.errored ?? undefined) : undefined;
}

/** Whether a body that has been sent can be sent again: streams and generators have been consumed. */
export function isRepeatable(body: unknown): boolean {
  return body === undefined || body === null || typeof body === "string" || ArrayBuffer.isView(body);
}

function isIterated(body: unknown): body is AsyncIterable<unknown> {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}

class IteratedBody implements AsyncIterable<unknown> {
  errored: unknown;
  readonly #source: AsyncIterable<unknown>;

  constructor(source: AsyncIterable<unknown>) {
    this.#source = source;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    try {
      yield* this.#source;
    } catch (error) {
      this.errored = error;
      throw error;
    }
  }
}
