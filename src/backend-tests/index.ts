import { describe } from "node:test";
import { type BackendLoader, registerBackend } from "../backends/table.js";
import type { Instance } from "../instance.js";
import type { Backend } from "../registry.js";
import type { TargetForm } from "../target/forms.js";
import { testDiscovery } from "./discovery-promises.js";
import { testRegistrar } from "./registrar-promises.js";

/** What a test needs to know of a backend. */
export interface TestedBackend {
  /** As registerBackend() takes it. */
  readonly scheme: string;
  readonly backend: Backend | BackendLoader;
  readonly form?: TargetForm | undefined;
  /** Starts a server of the backend, empty, for one test, which stops it. */
  start(): Promise<BackendServer> | BackendServer;
  /** Whether it has a `discovery`. Default true. */
  readonly discovers?: boolean | undefined;
  /** Whether it has a `registrar`. Default true. */
  readonly registers?: boolean | undefined;
  /** Why the tests cannot run here, for example because the server is not installed. Default: they run. */
  readonly skip?: string | false | undefined;
  /**
   * How long the backend and its server may take for what a test waits for, in milliseconds: the time to notice an outage and
   * its end is the longest. Default 30,000.
   */
  readonly patienceMs?: number | undefined;
}

/** A server that a test has for itself. Whatever cannot be done with it is left out, and so are the tests that need it. */
export interface BackendServer {
  /** The target URL of a service, whose name is lower-case letters and digits. */
  target(service: string): string;
  /** Makes these the instances of a service, by other means than the backend. Default: by the registrar. */
  list?(service: string, instances: readonly Instance[]): Promise<void> | void;
  /** Makes the server unreachable, its contents kept. */
  break?(): Promise<void> | void;
  /** Undoes break(). */
  restore?(): Promise<void> | void;
  /** Frees everything; a server that is broken too. */
  stop(): Promise<void> | void;
}

/**
 * Runs the promises of the contract (`Discovery`, `Registrar`, `Registration`) as tests of node:test, against a backend and real
 * servers of it. To be called at the top of a test file.
 */
export function testBackend(tested: TestedBackend): void {
  registerBackend(tested.scheme, tested.backend, tested.form);
  describe(`the contract of backends, kept by ${tested.scheme}`, { skip: tested.skip ?? false }, () => {
    if (tested.discovers !== false) testDiscovery(tested);
    if (tested.registers !== false) testRegistrar(tested);
  });
}
