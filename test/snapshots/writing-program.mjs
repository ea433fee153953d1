// Writes snapshots without end: `writing-program.mjs <bundle of the store> <folder>`. Prints a line before the first and after each.
const [bundle, dir] = process.argv.slice(2);
const { Snapshots } = await import(bundle);
const store = new Snapshots({ dir });
const target = { scheme: "etcd", hosts: ["h:1"], service: "order", params: {} };
const set = (n) => ({
  at: Date.now(),
  services: [],
  instances: Array.from({ length: 200 }, (_, i) => {
    return { instance: { address: `10.0.${n % 256}.${i}:1` }, addresses: [{ host: `10.0.${n % 256}.${i}`, port: 1 }] };
  }),
});
console.log("writing");
for (let n = 0; ; n++) {
  store.keep(target, set(n));
  await store.flush();
  console.log("written");
}
