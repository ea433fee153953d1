import type { Instance } from "../../instance.js";
import type { Activity } from "./activity.js";

/** Something to be connected to: an instance, and whatever the transport needs to find it. */
export interface Listed {
  readonly instance: Instance;
}

/**
 * How connections are made, whatever is spoken over them. grpc-js' subchannels are one such way (src/grpc/policy); a pool
 * whose user brings a `connect(instance, { signal, lost })` is another: its line calls connect() with a backoff.
 */
export interface Transport<L extends Listed, S extends Session> {
  /** Makes a line; nothing is dialled before its start(). */
  line(listed: L, events: LineEvents<S>): Line;
}

/** A line dials one instance until it has a session or is closed; between attempts that fail it waits as it sees fit. */
export interface Line {
  start(): void;
  /** No new calls; those that run may finish, then the session ends. Says nothing more. */
  close(): void;
}

export interface LineEvents<S extends Session> {
  /** Whether a connection that others use already will not do, because one was found dead. */
  readonly fresh: boolean;
  /** To be told of the calls on the line's session. */
  readonly activity: Activity;
  /** Once: the instance is connected. */
  connected(session: S): void;
  /** An attempt failed. May be said often, and before connected() only. */
  failed(reason: string): void;
  /** Once, after connected(): the session is over or takes no new calls. The line does nothing more. */
  lost(): void;
}

/** A connection that stands. */
export interface Session {
  /** Asks whether anybody is at the other end; whatever comes back counts. Returns what gives up asking. */
  probe(answered: () => void): () => void;
  /** Ends the calls that run, which is for a session whose far side is gone. */
  endCalls(reason: string): void;
  /** Follows the instance's health, where that is wanted; returns what ends it. Without it every connection counts as serving. */
  watchHealth?: ((tell: (word: HealthWord) => void) => () => void) | undefined;
}

/** What an instance says of its health, or why it does not tell; then it counts as serving. */
export type HealthWord = { readonly serving: boolean } | { readonly notTold: string };
