import { endsWithin } from "../async/time-limit.js";
import type { Discovery, Registrar } from "../registry.js";
import type { BackendServer } from "./index.js";

/** How long a test waits for anything that others wrote: a backend, or its server. What never comes fails the test by its name. */
export class Patience {
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }

  /** The promise, or a rejection that says what was waited for. */
  async inTime<T>(promise: Promise<T> | T, what: string): Promise<T> {
    if (await endsWithin(Promise.resolve(promise), this.ms)) return promise;
    throw new Error(`waited ${this.ms} ms ${what}`);
  }

  server(server: BackendServer): BackendServer {
    const { list, break: cut, restore } = server;
    return {
      target: (service) => server.target(service),
      ...(list && {
        list: (...given) => this.inTime(list.apply(server, given), "for list() of the test's server to end"),
      }),
      ...(cut && { break: () => this.inTime(cut.call(server), "for break() of the test's server to end") }),
      ...(restore && { restore: () => this.inTime(restore.call(server), "for restore() of the test's server to end") }),
      stop: async () => this.inTime(server.stop(), "for stop() of the test's server to end"),
    };
  }

  registrar(registrar: Registrar): Registrar {
    return {
      register: (...given) => this.inTime(registrar.register(...given), "for register() to resolve or to reject"),
    };
  }

  /** For a reader who expects news at each step. */
  discovery(discovery: Discovery): Discovery {
    return {
      watch: (...given) => {
        const sets = discovery.watch(...given)[Symbol.asyncIterator]();
        return {
          [Symbol.asyncIterator]: () => ({
            next: () => this.inTime(sets.next(), "for a watch to yield a set or to end"),
            return: async () => {
              await this.inTime(sets.return?.(), "for a watch to end whose reader has left its loop");
              return { done: true, value: undefined };
            },
          }),
        };
      },
    };
  }
}
