import type { TestContext } from "node:test";
import { EtcdRegistrar } from "../../src/backends/etcd/index.js";
import { startDevRegistry } from "../../src/dev-registry/index.js";
import type { Instance } from "../../src/instance.js";
import type { Registration } from "../../src/registry.js";

/** What the running test has registered. */
const registrations: Registration[] = [];

export async function registry(t: TestContext) {
  const started = await startDevRegistry();
  t.after(async () => {
    // While the registry is there: without it each would wait for it.
    await Promise.all(registrations.splice(0).map((registration) => registration.deregister()));
    await started.close();
  });
  return started;
}

export async function register(endpoint: string, service: string, instance: Instance, ttlSeconds = 10) {
  const registration = await new EtcdRegistrar({ hosts: [endpoint], ttlSeconds }).register(service, instance);
  registrations.push(registration);
  return registration;
}
