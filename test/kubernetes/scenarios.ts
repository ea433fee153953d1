import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { SilentProxy } from "../support/network/silent-proxy.js";
import type { SliceManifest } from "../support/real-parts/kube/slices.js";
import type { Watched } from "../support/watched.js";
import type { Cluster } from "./cluster.js";
import { endpoint, LEAVING, Pod, STARTING, slice } from "./pod.js";

/** What must hold with any cluster; the same for the stand-in and for a real API server. */
export function scenarios(name: string, makeCluster: () => Promise<Cluster>, skip: string | false = false): void {
  describe(`a service in a cluster (${name})`, { skip }, () => {
    let cluster: Cluster;
    let pod: Pod;
    let watched: Watched;
    let applied: Set<string>;

    const apply = async (...args: Parameters<typeof slice>) => {
      const manifest: SliceManifest = slice(args[0], args[1], { namespace: cluster.namespace, ...args[2] });
      applied.add(manifest.metadata.name);
      await cluster.apply(manifest);
    };
    const remove = async (slice: string) => {
      applied.delete(slice);
      await cluster.delete(slice);
    };
    const podOf = async (account: "reader" | "nobody", port = cluster.port) =>
      new Pod({ port, ca: cluster.ca, token: await cluster.token(account), namespace: cluster.namespace });
    const watch = async (url = `k8s://${cluster.namespace}/order:grpc`) => {
      watched = await pod.watch(url);
      return watched;
    };

    before(async () => {
      cluster = await makeCluster();
    });
    beforeEach(async () => {
      applied = new Set();
      pod = await podOf("reader");
    });
    afterEach(async () => {
      await watched.end();
      pod.remove();
      for (const slice of applied) await remove(slice);
    });
    after(() => cluster.close());

    test("pods that come and go are seen", async () => {
      await apply("order-1", [endpoint("10.0.0.1")]);
      await watch();
      await watched.shows("10.0.0.1:8080");
      await apply("order-1", [endpoint("10.0.0.1"), endpoint("10.0.0.2"), endpoint("10.0.0.3")]);
      await watched.shows("10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080");
      await apply("order-1", [endpoint("10.0.0.3")]);
      await watched.shows("10.0.0.3:8080");
      await apply("order-1", []);
      await watched.shows();
    });

    test("a pod is called while it is ready, and when it is ready again", async () => {
      await apply("order-1", [endpoint("10.0.0.1"), endpoint("10.0.0.2", STARTING)]);
      await watch();
      await watched.shows("10.0.0.1:8080");
      await apply("order-1", [endpoint("10.0.0.1"), endpoint("10.0.0.2")]);
      await watched.shows("10.0.0.1:8080", "10.0.0.2:8080");
      await apply("order-1", [endpoint("10.0.0.1", STARTING), endpoint("10.0.0.2")]);
      await watched.shows("10.0.0.2:8080");
      await apply("order-1", [endpoint("10.0.0.1"), endpoint("10.0.0.2")]);
      await watched.shows("10.0.0.1:8080", "10.0.0.2:8080");
    });

    test("a terminating pod gets calls only when nobody else is there", async () => {
      await apply("order-1", [endpoint("10.0.0.1"), endpoint("10.0.0.2")]);
      await watch();
      await watched.shows("10.0.0.1:8080", "10.0.0.2:8080");
      await apply("order-1", [endpoint("10.0.0.1", LEAVING), endpoint("10.0.0.2")]);
      await watched.shows("10.0.0.2:8080");
      await apply("order-1", [endpoint("10.0.0.1", LEAVING), endpoint("10.0.0.2", LEAVING)]);
      await watched.shows("10.0.0.1:8080", "10.0.0.2:8080");
      await apply("order-1", [endpoint("10.0.0.3"), endpoint("10.0.0.2", LEAVING)]);
      await watched.shows("10.0.0.3:8080");
    });

    test("all slices of a service are one set, and a deleted one leaves it", async () => {
      await apply("order-1", [endpoint("10.0.0.1"), endpoint("10.0.0.2")]);
      await apply("order-2", [endpoint("10.0.0.3")]);
      await apply("payment-1", [endpoint("10.0.9.9")], { service: "payment" });
      await watch();
      await watched.shows("10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080");
      await apply("order-3", [endpoint("10.0.0.4")]);
      await watched.shows("10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080", "10.0.0.4:8080");
      await remove("order-1");
      await watched.shows("10.0.0.3:8080", "10.0.0.4:8080");
    });

    test("more slices than fit on a page are all seen", async () => {
      const addresses = Array.from({ length: 60 }, (_, at) => `10.0.1.${at + 1}`);
      for (const [at, address] of addresses.entries()) await apply(`order-${at}`, [endpoint(address)]);
      await watch();
      await watched.shows(...addresses.map((address) => `${address}:8080`));
    });

    test("an endpoint that moves to another slice never leaves the set", async () => {
      await apply("order-1", [endpoint("10.0.0.1"), endpoint("10.0.0.2")]);
      await watch();
      await watched.shows("10.0.0.1:8080", "10.0.0.2:8080");
      await apply("order-1", [endpoint("10.0.0.1")]);
      await apply("order-2", [endpoint("10.0.0.2"), endpoint("10.0.0.3")]);
      await watched.shows("10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080");
      assert.ok(
        watched.sets.every((set) => set.includes("10.0.0.2")),
        watched.sets.join(" | "),
      );
    });

    test("a port is found by name in each slice, and by number", async () => {
      await apply("order-1", [endpoint("10.0.0.1")]);
      await apply("order-2", [endpoint("10.0.0.2")], { ports: [{ name: "grpc", port: 9090, protocol: "TCP" }] });
      await watch();
      await watched.shows("10.0.0.1:8080", "10.0.0.2:9090");
      await watched.end();
      await watch("k8s:///order:8080");
      await watched.shows("10.0.0.1:8080", "10.0.0.2:9090");
      await watched.end();
      await watch("k8s:///order:metrics");
      await watched.until(() => watched.troubles.length > 0);
      assert.match(watched.troubles[0] ?? "", /has no TCP port "metrics".*grpc 8080, grpc 9090/);
    });

    test("one family of a dual-stack service is used", async () => {
      await apply("order-6", [endpoint("fd00::1")], { addressType: "IPv6" });
      await apply("order-4", [endpoint("10.0.0.1")]);
      await watch();
      await watched.shows("10.0.0.1:8080");
      await watched.end();
      await watch("k8s:///order:grpc?family=ipv6");
      await watched.shows("[fd00::1]:8080");
    });

    test("an API server that dies and comes back leaves the set as it was, and changes are seen again", async () => {
      await apply("order-1", [endpoint("10.0.0.1"), endpoint("10.0.0.2")]);
      await watch();
      await watched.shows("10.0.0.1:8080", "10.0.0.2:8080");
      await cluster.stop();
      await watched.until(() => watched.troubles.length > 0);
      await cluster.start();
      await apply("order-1", [endpoint("10.0.0.2"), endpoint("10.0.0.3")]);
      await watched.shows("10.0.0.2:8080", "10.0.0.3:8080");
      assert.match(watched.troubles[0] ?? "", /cannot be reached/);
      await watched.until(() => watched.troubles.at(-1) === undefined);
      assert.ok(!watched.sets.includes(""), watched.sets.join(" | "));
    });

    test("changes made while the client is cut off and their versions expire are seen afterwards", async () => {
      const proxy = new SilentProxy(cluster.port);
      await proxy.start();
      pod.remove();
      pod = await podOf("reader", proxy.port);
      await apply("order-1", [endpoint("10.0.0.1")]);
      await apply("order-2", [endpoint("10.0.0.2")]);
      await watch();
      await watched.shows("10.0.0.1:8080", "10.0.0.2:8080");
      await proxy.stop();
      await remove("order-1");
      await apply("order-2", [endpoint("10.0.0.2"), endpoint("10.0.0.3")]);
      await cluster.stop();
      await cluster.start();
      await proxy.start();
      await watched.shows("10.0.0.2:8080", "10.0.0.3:8080");
      await watched.end();
      await proxy.stop();
    });

    test("a client that starts before the API server finds the service when it comes", async () => {
      await apply("order-1", [endpoint("10.0.0.1")]);
      await cluster.stop();
      await watch();
      await watched.until(() => watched.troubles.length > 0);
      await cluster.start();
      await watched.shows("10.0.0.1:8080");
      assert.match(watched.troubles[0] ?? "", /127\.0\.0\.1:\d+ cannot be reached: connect ECONNREFUSED/);
    });

    test("who may not list is told which Role is missing, and the service is found once it is granted", async () => {
      await apply("order-1", [endpoint("10.0.0.1")]);
      pod.remove();
      pod = await podOf("nobody");
      await watch("k8s:///order");
      await watched.until(() => watched.troubles.length > 0);
      for (const part of [
        `may not list endpointslices.discovery.k8s.io in namespace "${cluster.namespace}"`,
        'apiGroups ["discovery.k8s.io"], resources ["endpointslices"], verbs ["list", "watch"]',
        'cannot list resource "endpointslices"',
      ]) {
        assert.ok(watched.troubles[0]?.includes(part), watched.troubles[0]);
      }
      pod.write("token", await cluster.token("reader"));
      await watched.shows("10.0.0.1:8080");
      await watched.until(() => watched.troubles.length > 1);
      assert.equal(watched.troubles[1], undefined);
    });

    test("a service that does not exist is doubted in words", async () => {
      await watch("k8s:///nothing:80");
      await watched.shows();
      await watched.until(() => watched.troubles.length > 0);
      assert.match(watched.troubles[0] ?? "", /\/nothing: it has no EndpointSlice: is there such a Service/);
    });
  });
}
