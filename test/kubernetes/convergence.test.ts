import { test } from "node:test";
import fc from "fast-check";
import { KubeApiServer } from "../support/real-parts/kube/stand-in.js";
import { endpoint, Pod, slice } from "./pod.js";

/** One thing that happens to a cluster. */
type Event =
  | { readonly kind: "apply"; readonly slice: number; readonly pods: readonly number[] }
  | { readonly kind: "delete"; readonly slice: number }
  | { readonly kind: "cut" | "end" | "expire" | "bookmark" | "elsewhere" | "restart" };

const sliceNumber = fc.integer({ min: 1, max: 4 });
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    kind: fc.constant("apply" as const),
    slice: sliceNumber,
    pods: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant("delete" as const), slice: sliceNumber }),
  fc.record({ kind: fc.constantFrom("cut", "end", "expire", "bookmark", "elsewhere", "restart") }),
);
/** Before some events the client has time to watch again; others come thick and fast. */
const step = fc.record({ event, settled: fc.boolean() });

async function happen(server: KubeApiServer, event: Event): Promise<void> {
  switch (event.kind) {
    case "apply":
      return server.apply(
        slice(
          `order-${event.slice}`,
          event.pods.map((pod) => endpoint(`10.0.0.${pod}`)),
        ),
      );
    case "delete":
      return server.delete("shop", `order-${event.slice}`);
    case "cut":
      return server.dropConnections();
    case "end":
      return server.endWatches();
    case "expire":
      return server.expire();
    case "bookmark":
      return server.bookmark();
    case "elsewhere":
      return server.changeElsewhere();
    case "restart":
      await server.stop();
      return server.start();
  }
}

test("whatever happens to the API server, the set ends as what it stores", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 15 }),
      fc.constantFrom("event" as const, "status" as const),
      async (steps, expiredAs) => {
        const server = new KubeApiServer();
        server.expiredAs = expiredAs;
        await server.start();
        const account = { port: server.port, ca: server.certificate.cert, token: "reader", namespace: "shop" };
        const pod = new Pod(account, { removalGraceMs: 5, backoff: { initialMs: 5, maxMs: 20 } });
        const watched = await pod.watch("k8s:///order");
        try {
          const stored = new Map<number, readonly number[]>();
          for (const { event, settled } of steps) {
            if (settled) await server.until(() => server.watches > 0);
            if (event.kind === "apply") stored.set(event.slice, event.pods);
            if (event.kind === "delete") stored.delete(event.slice);
            await happen(server, event);
          }
          const pods = new Set([...stored.values()].flat());
          await watched.shows(...[...pods].map((pod) => `10.0.0.${pod}:8080`));
          // And it goes on from there.
          server.apply(slice("order-5", [endpoint("10.0.0.99")]));
          await watched.shows(...[...pods, 99].map((pod) => `10.0.0.${pod}:8080`));
        } finally {
          await watched.end();
          pod.remove();
          await server.stop();
        }
      },
    ),
    { numRuns: 40, timeout: 120_000 },
  );
});
