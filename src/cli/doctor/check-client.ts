import { discoveryOf } from "../../backends/table.js";
import { parseTargetUrl } from "../../target/parse.js";
import { ANSWER_LIMIT_MS } from "../etcd-options.js";
import { count } from "../output.js";
import { type Check, failed, ok } from "./check.js";
import { dialProblem } from "./dial.js";

/** More would be a load test. */
const MOST_DIALLED = 20;

/** Whether each instance takes connections. */
export function checkAddresses(where: string, addresses: readonly string[], advice: string): Promise<Check[]> {
  return Promise.all(
    [...new Set(addresses)].slice(0, MOST_DIALLED).map(async (address) => {
      const problem = await dialProblem(address);
      return problem ? failed(`${where} ${address}`, problem, advice) : ok(`${where} ${address}`, "takes connections");
    }),
  );
}

/** Asks a target's backend as a client would, and dials what it lists. */
export async function checkTarget(where: string, url: string): Promise<Check[]> {
  const subject = `${where}.Target ${url}`;
  const found = await firstAnswer(url).catch((error: Error) => error);
  if (found instanceof Error) return [failed(subject, found.message, "correct Target, or see to what it names")];
  if (found.length === 0) return [failed(subject, "lists no instance", "start a server there, or correct Target")];
  return [
    ok(subject, `lists ${count(found.length, "instance")}`),
    ...(await checkAddresses(where, found, "start the server, or see why it is still listed")),
  ];
}

/** @throws Error that says why there is no answer. */
async function firstAnswer(url: string): Promise<string[]> {
  const { discovery, target } = await discoveryOf(parseTargetUrl(url));
  const limit = AbortSignal.timeout(ANSWER_LIMIT_MS);
  let trouble: Error | undefined;
  const done = new AbortController();
  const watch = discovery.watch(target.service, {
    signal: AbortSignal.any([limit, done.signal]),
    onTrouble: (error) => {
      trouble = error;
      done.abort();
    },
  });
  for await (const instances of watch) {
    done.abort();
    return instances.map(({ address }) => address);
  }
  throw trouble ?? new Error(`no answer within ${ANSWER_LIMIT_MS / 1000} s`);
}
