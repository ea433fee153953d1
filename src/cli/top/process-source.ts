import { hostname } from "node:os";
import { type Inspected, stateOf } from "../../observe/inspect/inspect-client.js";
import type { CalledService, ServedService } from "../../observe/state.js";
import type { ServiceCounts, Source } from "./sample.js";

/** A process of this user, by its inspect socket. */
export function processSource(process: Inspected): Source {
  return {
    name: process.socket,
    async read() {
      const { calls, serves, host, metricsPorts = [] } = await stateOf(process);
      const services = [...calls.map(called), ...serves.map(served)];
      // A container that shares the folder of sockets has ports of its own.
      return { services, otherPorts: host === hostname() ? metricsPorts : [] };
    },
  };
}

function called({ id, service, state, totals, latency, instances }: CalledService): ServiceCounts {
  const ready = instances.filter((one) => one.ready).length;
  return {
    side: "calls",
    service,
    which: id,
    state: `${state}, ${ready} of ${instances.length}`,
    ...totals,
    inFlight: instances.reduce((sum, { inFlight }) => sum + inFlight, 0),
    p50Ms: latency?.median,
    p99Ms: latency?.p99,
    instances: instances.map((one) => ({
      address: one.address,
      state: one.state,
      counted: true,
      calls: one.calls,
      failures: one.failures,
      inFlight: one.inFlight,
      p50Ms: one.latency?.median,
      p99Ms: one.latency?.p99,
      expectedMs: one.expectedMs > 0 ? one.expectedMs : undefined,
    })),
  };
}

function served({ name, service, address, state, totals, inFlight }: ServedService): ServiceCounts {
  const own = { ...totals, inFlight };
  const instances = address === undefined ? [] : [{ address, state, counted: true, ...own }];
  return { side: "serves", service: service ?? (name || "(no name)"), which: address, ...own, instances };
}
