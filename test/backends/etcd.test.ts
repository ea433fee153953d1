import { testBackend } from "../../src/backend-tests/index.js";
import { etcdBackend } from "../../src/backends/etcd/index.js";
import { etcdForm } from "../../src/backends/etcd/target-form.js";
import { etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";

testBackend({
  scheme: "etcd",
  backend: etcdBackend,
  form: etcdForm("etcd"),
  skip: etcdSkipReason(),
  async start() {
    const etcd = await startEtcd();
    return {
      target: (service) => `etcd:///${etcd.endpoint}?key=${service}`,
      break: () => etcd.kill(),
      restore: () => etcd.restart(),
      stop: () => etcd.stop(),
    };
  },
});
