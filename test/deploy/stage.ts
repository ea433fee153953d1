import { after, before } from "node:test";
import { type Etcd, startEtcd } from "../support/real-parts/etcd.js";
import { Processes } from "./compiled.js";

/** There while the tests run. */
export let processes: Processes;
/** There while the tests run. */
export let etcd: Etcd;

/** Sets up what the tests of a file run on, unless they are skipped, and ends it after them. */
export function setStage(skip: string | false): void {
  before(async () => {
    if (skip) return;
    processes = new Processes();
    etcd = await startEtcd();
  });
  after(async () => {
    await processes?.end();
    await etcd?.stop();
  });
}
