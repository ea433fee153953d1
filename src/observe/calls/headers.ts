import { harmless } from "../harmless.js";
import { openTelemetry } from "../opentelemetry.js";

/** The headers of a call, by which a trace goes from client to server. */
export interface Headers {
  set(name: string, value: string): void;
  get(name: string): string | undefined;
  /** Of all that are there. Some propagators look for theirs among them: Datadog's, and Jaeger's for its baggage. */
  names(): string[];
}

export const writer = { set: (headers: Headers, name: string, value: string) => headers.set(name, value) };

export const reader = {
  keys: (headers: Headers) => headers.names(),
  get: (headers: Headers, name: string) => headers.get(name),
};

/** Whether they tell of a trace already, in the words of the propagator that is set: W3C's, B3's or another's. */
export function tellOfTrace(headers: Headers): boolean {
  const isThere = (name: string) => headers.get(name) !== undefined;
  return harmless(() => openTelemetry()?.propagation.fields().some(isThere)) ?? false;
}
