import { testBackend } from "../../src/backend-tests/index.js";
import { dnsBackend } from "../../src/backends/dns/index.js";
import { dnsForm } from "../../src/backends/dns/target-form.js";
import { dnsServerSkipReason, startDnsServer } from "../support/real-parts/dns-server.js";

testBackend({
  scheme: "dns",
  backend: dnsBackend,
  form: dnsForm,
  registers: false,
  skip: dnsServerSkipReason(),
  async start() {
    const records: Record<string, string[]> = {};
    const server = await startDnsServer(records);
    return {
      target: (service) => `dns://${server.address}/${service}.test:8080?min_ttl=0.1&max_ttl=0.5`,
      list(service, instances) {
        records[`${service}.test`] = instances.map(({ address }) => address.replace(":8080", ""));
        return server.set(records);
      },
      break: () => server.kill(),
      restore: () => server.start(),
      stop: () => server.stop(),
    };
  },
});
