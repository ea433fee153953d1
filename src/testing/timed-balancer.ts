import { P2cEwma, type P2cEwmaOptions } from "../balancer/index.js";

/** A balancer whose clock the test moves, with repeatable chance. */
export function balancerOf(keys: readonly string[], options: P2cEwmaOptions<string> = {}) {
  const clock = { ms: 0 };
  let seed = 1;
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 4294967296;
  };
  const balancer = new P2cEwma<string>({ now: () => clock.ms, random, ...options });
  balancer.set(keys);
  return { balancer, clock };
}

/** Calls one after the other, each as long as its instance takes, and how many each instance got. */
export function sequence(
  { balancer, clock }: ReturnType<typeof balancerOf>,
  calls: number,
  answer: (key: string) => { ms: number; ok?: boolean },
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < calls; i++) {
    const node = balancer.pick()!;
    counts[node.key] = (counts[node.key] ?? 0) + 1;
    node.started();
    const { ms, ok = true } = answer(node.key);
    clock.ms += ms;
    node.ended(ms, ok);
  }
  return counts;
}

export const names = (n: number) => Array.from({ length: n }, (_, i) => `i${i}`);
