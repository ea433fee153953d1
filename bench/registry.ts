/**
 * What the registry costs at scale, against real etcd and beside the bare operation in the same run.
 * `npm run bench:registry [seconds of churn, default 30] [one part, for example logIns]`; needs etcd.
 */
import { setLogLevel } from "../src/index.js";
import { startEtcd } from "../test/support/real-parts/etcd.js";
import { churn } from "./registry/churn.js";
import { largeService } from "./registry/large-service.js";
import { logIns } from "./registry/log-ins.js";
import { oneAddress } from "./registry/one-address.js";
import { propagation } from "./registry/propagation.js";
import { readiness } from "./registry/readiness.js";
import { registrations } from "./registry/registrations.js";

setLogLevel("error");
const wanted = process.argv[3];
for (const part of [propagation, registrations, readiness, oneAddress, largeService, logIns, churn]) {
  if (wanted !== undefined && part.name !== wanted) continue;
  // Log-ins are measured at an etcd that has one core, whatever the machine has.
  if (part === logIns) process.env.GOMAXPROCS = "1";
  const etcd = await startEtcd();
  delete process.env.GOMAXPROCS;
  try {
    await part(etcd);
  } finally {
    await etcd.stop();
  }
}
