/**
 * What the registry costs at scale, against real etcd and beside the bare operation in the same run.
 * `npm run bench:registry [seconds of churn, default 30]`; needs etcd.
 */
import { setLogLevel } from "../src/index.js";
import { startEtcd } from "../test/support/etcd.js";
import { churn } from "./registry/churn.js";
import { oneAddress } from "./registry/one-address.js";
import { propagation } from "./registry/propagation.js";
import { readiness } from "./registry/readiness.js";
import { registrations } from "./registry/registrations.js";

setLogLevel("error");
for (const part of [propagation, registrations, readiness, oneAddress, churn]) {
  const etcd = await startEtcd();
  try {
    await part(etcd);
  } finally {
    await etcd.stop();
  }
}
