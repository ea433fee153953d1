import { type Balancer, variant } from "./variant.js";

/**
 * How much a fresh report weighs, how fast that fades, in milliseconds, and what leans on it: the expected latency, which is
 * then multiplied by the calls in flight as ever, or the load itself.
 */
export const WAYS = [
  { leans: "latency", share: 0.5, fadeMs: 20 },
  { leans: "latency", share: 0.5, fadeMs: 100 },
  { leans: "latency", share: 0.5, fadeMs: 500 },
  { leans: "latency", share: 0.9, fadeMs: 100 },
  { leans: "latency", share: 0.9, fadeMs: 1_000 },
  { leans: "latency", share: 0.33, fadeMs: 1_000 },
  { leans: "load", share: 0.5, fadeMs: 100 },
  { leans: "load", share: 0.9, fadeMs: 100 },
  { leans: "load", share: 0.9, fadeMs: 1_000 },
] as const;
export type Way = (typeof WAYS)[number];

/** The balancer, changed to lean on what servers report: its nodes are told of it as a fifth argument of ended(). */
export function weighing({ leans, share, fadeMs }: Way): Promise<Balancer> {
  const weight = `(this.reportedMs < 0 ? 0 : ${share} / Math.exp((this.#pool.time - this.reportedAt) / ${fadeMs}))`;
  const lean = {
    latency: {
      from: "  weigh(kind: Kind): void {\n    this.expect(this.#pool);\n",
      to: `  weigh(kind: Kind): void {
    this.expect(this.#pool);
    this.expected += (Math.sqrt(Math.max(0, this.reportedMs)) - this.expected) * ${weight};
`,
    },
    load: {
      from: "    if (crowd > FEW) this.#crowd(crowd, kind);\n",
      to: `    this.weighed += (this.reportedMs * kind.unseen - this.weighed) * ${weight};\n`,
    },
  };
  return variant(`reports-${leans}-${share}-${fadeMs}`, [
    { file: "p2c/member.ts", from: "answered?: boolean): void {", to: "answered?: boolean, report?: number): void {" },
    {
      file: "p2c/member.ts",
      from: "    const { open } = this;\n",
      to: `    const { open } = this;
    this.#pool.tick();
    this.reportedMs = report!;
    this.reportedAt = this.#pool.time;
`,
    },
    {
      file: "p2c/member.ts",
      from: "  readonly key: K;\n",
      to: "  reportedMs = -0.5;\n  reportedAt = -0.5;\n  readonly key: K;\n",
    },
    { file: "p2c/member.ts", ...lean[leans] },
  ]);
}
