import { connections, ejections, full, leases, refusals, registrations, type Tally } from "../../tally.js";
import type { Gauge, Reading } from "./readings.js";

/** A count of what has happened, by the name that it was counted under. */
function counted(tally: Tally, label: string): () => Reading[] {
  return () => [...tally.counts].map(([of, value]) => ({ value, labels: { [label]: of } }));
}

/** @param what happened, as [name, help, unit, tally]. */
function counters(
  label: string,
  what: readonly (readonly [name: string, help: string, unit: string, tally: Tally])[],
): Gauge[] {
  return what.map(([name, help, unit, tally]) => {
    return { name, help, unit, counts: true, labels: [label], read: counted(tally, label) };
  });
}

/** What has happened in this process, for metrics. */
export const COUNTERS: readonly Gauge[] = [
  ...counters("service", [
    [
      "rollcall.client.connections_opened",
      "Connections to instances that came about",
      "{connection}",
      connections.opened,
    ],
    ["rollcall.client.connections_failed", "Attempts to connect that failed", "{attempt}", connections.failed],
    ["rollcall.client.connections_lost", "Connections that ended or were found dead", "{connection}", connections.lost],
    [
      "rollcall.client.connections_dead",
      "Connections on which no probe was answered",
      "{connection}",
      connections.dead,
    ],
    ["rollcall.client.ejections", "Instances that said they do not serve any more", "{ejection}", ejections],
    ["rollcall.client.pushbacks", "Calls that a full server refused", "{call}", full.pushbacks],
    ["rollcall.client.calls_unsent", "Calls that failed here because all instances were full", "{call}", full.unsent],
    [
      "rollcall.server.registrations",
      "Times that an instance was entered into the registry",
      "{entry}",
      registrations.listed,
    ],
    [
      "rollcall.server.registrations_lost",
      "Times that one fell out though nobody asked",
      "{entry}",
      registrations.lost,
    ],
  ]),
  ...counters("reason", [
    ["rollcall.server.calls_refused", "Calls answered without their handlers, so as not to drown", "{call}", refusals],
  ]),
  ...counters("backend", [
    ["rollcall.registry.leases_granted", "Leases taken, which keep instances listed", "{lease}", leases.granted],
    ["rollcall.registry.lease_renewals", "Renewals of leases that succeeded", "{renewal}", leases.renewed],
    ["rollcall.registry.leases_lost", "Leases that the registry no longer had", "{lease}", leases.lost],
  ]),
];
