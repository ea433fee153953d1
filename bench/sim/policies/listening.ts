import { RetryBudget } from "../../../src/balancer/overload/retry-budget.js";
import { SetAside } from "../../../src/balancer/overload/set-aside.js";
import { CLIENT_DEFAULTS } from "../../../src/defaults.js";
import { type MakePolicy, passingOn } from "./policy.js";

/**
 * A client that listens to servers which say that they are full, by the product's own classes: as src/grpc/policy does, calls
 * go elsewhere for that long, a refused one is sent once more within the budget, and when all are full it fails here.
 */
export function listening(make: MakePolicy): MakePolicy {
  return (around) => {
    const policy = make(around);
    const aside = new SetAside<number>();
    const elsewhere = new RetryBudget();
    let size = 0;
    const changed = () => policy.set(aside.called());
    return {
      ...passingOn(policy),
      set(servers) {
        size = servers.length;
        aside.set(servers, 0, CLIENT_DEFAULTS.MaxSetAside);
        changed();
      },
      isFull() {
        if (aside.full === 0) return false;
        if (aside.expire(around.now())) changed();
        return aside.allFullForMs(around.now()) > 0;
      },
      refused(server, forMs) {
        const before = aside.count;
        aside.add(server, around.now() + forMs);
        if (aside.count > before) changed();
        return size > 1 && aside.full < size && elsewhere.take();
      },
      ignores: (server) => aside.ignores(server),
      end(server, ms, ok, kind, report) {
        policy.end(server, ms, ok, kind, report);
        if (ok) elsewhere.succeeded();
      },
    };
  };
}

/** A client that makes a failed call again, up to so many attempts; with a budget as many as succeed pay for. */
export function retrying(make: MakePolicy, mostAttempts: number, { budget = false } = {}): MakePolicy {
  return (around) => {
    const policy = make(around);
    const tokens = new RetryBudget();
    return {
      ...passingOn(policy),
      retries: (attempts) => attempts < mostAttempts && (!budget || tokens.take()),
      end(server, ms, ok, kind, report) {
        policy.end(server, ms, ok, kind, report);
        if (ok) tokens.succeeded();
      },
    };
  };
}
