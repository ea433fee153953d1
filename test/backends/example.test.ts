import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { folderBackend } from "../../examples/backend/folder.js";

mkdirSync(".cache", { recursive: true });
// Inside the checkout, where its node_modules and tsconfig.json are found.
const folder = mkdtempSync(join(".cache", "backend-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const backend = readFileSync("examples/backend/folder.ts", "utf8");
const tests = readFileSync("examples/backend/folder.test.ts", "utf8").replace(
  "testBackend({",
  "testBackend({\n  patienceMs: 3_000,",
);

/** Runs the example's tests, or those of a name, against a backend; resolves with their report. */
async function run(
  source: string,
  { name = ".", settings = "" } = {},
): Promise<{ ok: boolean; failed: string[]; report: string }> {
  writeFileSync(join(folder, "folder.ts"), source);
  writeFileSync(join(folder, "folder.test.ts"), tests.replace("testBackend({", `testBackend({ ${settings}`));
  const flags = [
    "--import",
    "tsx",
    "--test",
    "--test-reporter=tap",
    `--test-name-pattern=${name}`,
    join(folder, "folder.test.ts"),
  ];
  // Else the runner takes itself for a test file of this one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const [error, report] = await new Promise<[Error | null, string]>((resolve) => {
    execFile(process.execPath, flags, { env, timeout: 120_000 }, (failure, stdout) => resolve([failure, stdout]));
  });
  return {
    ok: error === null,
    failed: [...report.matchAll(/^ {4}not ok \d+ - (.*)$/gm)].map(([, name]) => name!),
    report,
  };
}

function spoilt(from: string, to: string): string {
  assert.ok(backend.includes(from), from);
  return backend.replace(from, to);
}

test("the example of docs/writing-a-backend.md keeps the contract", async () => {
  const { ok, failed } = await run(backend);
  assert.deepEqual({ ok, failed }, { ok: true, failed: [] });
});

test("an instance of the example is in every set, however often its file is written", async (t) => {
  const target = { scheme: "folder", hosts: [], service: "order", params: { folder: mkdtempSync(join(folder, "r-")) } };
  const registrar = await folderBackend.registrar!(target);
  const discovery = await folderBackend.discovery!(target);
  const instances = Array.from({ length: 30 }, (_, n) => ({ address: `10.0.0.${n}:80` }));
  const registrations = await Promise.all(instances.map((one) => registrar.register("order", one)));
  t.after(() => Promise.all(registrations.map((one) => one.deregister())));
  for (let looks = 0; looks < 500; looks++) {
    for await (const set of discovery.watch("order", { signal: new AbortController().signal })) {
      assert.equal(set.length, instances.length);
      break;
    }
  }
});

test("a backend that only registers is tested for that", async () => {
  const source = spoilt("discovery: ({ params }) => new FolderDiscovery(params.folder!),", "");
  const { ok, failed } = await run(source, { settings: "discovers: false," });
  assert.deepEqual({ ok, failed }, { ok: true, failed: [] });
});

test("the page shows the example as it is run", () => {
  const page = readFileSync("docs/writing-a-backend.md", "utf8");
  for (const file of ["folder.ts", "folder.test.ts"]) {
    assert.ok(page.includes(readFileSync(join("examples/backend", file), "utf8")), `${file} is not in the page`);
  }
});

for (const [promise, source, failed] of [
  [
    "an outage taken for emptiness",
    spoilt("const why =", "yield [];\n        const why ="),
    /an outage neither ends nor empties/,
  ],
  ["a trouble told again and again", spoilt("if (why !== trouble) ", ""), /an outage neither ends nor empties/],
  ["an outage that ends the watch", spoilt("// Not knowing is", "throw error;\n        //"), /an outage neither ends/],
  [
    "instances of another service",
    spoilt("join(this.#folder, service))).sort()", 'join(this.#folder, "order"))).sort()'),
    /sees its service alone/,
  ],
  ["a restored registration that says nothing", spoilt('this.emit("restored")', "undefined"), /a server that is away/],
  ["an address that is none", spoilt("    parseAddress(instance.address);\n", ""), /what no retry can mend/],
] as const) {
  test(`the suite finds ${promise}`, async () => {
    const report = await run(source);
    assert.equal(report.ok, false);
    assert.ok(
      report.failed.some((name) => failed.test(name)),
      `failed: ${report.failed.join("; ")}`,
    );
  });
}

for (const [promise, source, name, waited] of [
  [
    "a watch that does not end at its abort",
    spoilt(
      "signal, ref: !background }).catch(() => {});",
      "ref: false });\n if (signal.aborted) await new Promise(() => {});",
    ),
    "an abort ends the iteration",
    /waited 3000 ms for a watch to end whose signal was aborted/,
  ],
  [
    "a deregister() that never resolves",
    spoilt("await this.#kept;", "await new Promise(() => {});"),
    "may be called often",
    /waited 3000 ms for deregister\(\) to resolve/,
  ],
] as const) {
  test(`${promise} fails its test, which says so and ends`, async () => {
    const { failed, report } = await run(source, { name });
    assert.equal(failed.length, 1);
    assert.match(report, waited);
  });
}
