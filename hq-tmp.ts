const root = process.argv[2]!;
const { oracle } = await import(`${root}/bench/sim/policies/references.ts`);
const { rollcall } = await import(`${root}/bench/sim/policies/rollcall.ts`);
const { hedgedScenarios, ownTimeScenarios } = await import(`${root}/bench/sim/scenarios/hedging.ts`);
const { World } = await import(`${root}/bench/sim/world/world.ts`);
const plain = rollcall(); const hedged = rollcall({}, undefined, { hedging: true });
for (const seed of [4711, 11, 12]) {
  for (const [name, { scenario }] of Object.entries(hedgedScenarios) as any) {
    if (process.argv[3] && !name.includes(process.argv[3])) continue;
    const r = new World(scenario, hedged, seed).run(); const o = new World(scenario, oracle, seed).run();
    console.log(seed, name, (r.p99Ms / o.p99Ms).toFixed(4), (100 * r.copies / r.calls).toFixed(2));
  }
  for (const [name, scenario] of Object.entries(ownTimeScenarios) as any) {
    if (process.argv[3]) continue;
    const r = new World(scenario, hedged, seed).run(); const o = new World(scenario, plain, seed).run();
    console.log(seed, "own", name, (r.p99Ms / o.p99Ms).toFixed(4), (100 * r.copies / r.calls).toFixed(2));
  }
}
