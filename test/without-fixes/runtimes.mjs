/** Runs where people run it: module systems, types, releases of Node; and the demo, which compares. */
export const runtimes = [
  {
    item: "14.30",
    promise: "one registry and one class in a process, whether it was had by import or by require()",
    changes: [
      ["scripts/build.mjs", 'import all from "./cjs/', 'import all from "./esm/'],
      [
        "scripts/build.mjs",
        "await buildPublished();\n",
        'await buildPublished();\ncpSync(join(out, "cjs"), join(out, "esm"), { recursive: true });\n',
      ],
    ],
    test: "test/packaging/packed.test.ts",
    name: "import and require() of one name give one and the same thing",
  },
  {
    item: "14.30",
    promise: "one registry for all entry points",
    changes: [
      [
        "scripts/build.mjs",
        "await buildLibrary(root, published, folder, options);",
        "new Map();\n  for (const one of published) for (const [k, v] of await buildLibrary(root, [one], folder, options)) names.set(k, v);",
      ],
    ],
    test: "test/packaging/packed.test.ts",
    name: "a backend registered by one entry point is known to all others",
  },
  {
    item: "14.30",
    promise: "CommonJS has types of its own",
    changes: [
      [
        "package.json",
        '"require": {\n        "types": "./dist/cjs/types/index.d.ts",',
        '"require": {\n        "types": "./dist/types/index.d.ts",',
      ],
    ],
    test: "test/packaging/packed.test.ts",
    name: "types resolve in ES modules and in CommonJS, those of the libraries checked too",
  },
  {
    item: "14.30",
    promise: "older resolvers find the types of every entry point",
    changes: [["package.json", '      "pool": [\n        "./dist/cjs/types/pool/index.d.ts"\n      ],\n', ""]],
    test: "test/packaging/packed.test.ts",
    name: "what is exported, what older resolvers read and what the tests import have the same names",
  },
  {
    item: "14.30",
    promise: "an import loads nothing that may not be needed",
    changes: [
      [
        "src/backends/index.ts",
        'const etcd = async () => (await import("./etcd/index.js")).etcdBackend;',
        "const etcd = async () => etcdBackend;",
      ],
      [
        "src/backends/index.ts",
        'import { etcdForm } from "./etcd/target-form.js";',
        'import { etcdBackend } from "./etcd/index.js";\nimport { etcdForm } from "./etcd/target-form.js";',
      ],
    ],
    test: "test/packaging/packed.test.ts",
    name: "importing rollcall/register loads grpc-js and nothing that is optional",
  },
  {
    item: "14.30",
    promise: "no import() stands in the way of Jest in CommonJS",
    changes: [
      [
        "scripts/build-library.mjs",
        '    load: (id) => readFileSync(id, "utf8"),\n',
        '    load: (id) => readFileSync(id, "utf8"),\n    renderDynamicImport: () => ({ left: "import(", right: ")" }),\n',
      ],
    ],
    test: "test/packaging/packed.test.ts",
    name: "the CommonJS library loads its own modules by require() alone: Jest and others know no import() there",
  },
  {
    item: "14.31",
    promise: "every supported release line of Node is tested",
    changes: [["Makefile", "for line in 22 24 26;", "for line in 22 24;"]],
    test: "test/house/nodes.test.ts",
    name: "every release line of Node that the documentation supports is tested by .ci/run, and with the package",
  },
  {
    item: "14.35",
    promise: "the demo's counts agree with each other",
    changes: [
      ["examples/demo/phases.ts", "rollcall: this.all,", "rollcall: this.#traffics[0].calls,"],
      [
        "examples/demo/phases.ts",
        "roundRobin: this.#ended.flatMap(({ roundRobin }) => roundRobin),",
        "roundRobin: this.#traffics[1].calls,",
      ],
      ["examples/demo/story.ts", '    if (phases.current.length > 0) phases.end("the last calls");\n', ""],
    ],
    test: "test/examples/demo.test.ts",
    name: "Ctrl-C ends the demo with its summary",
  },
  {
    item: "14.35",
    promise: "the demo shows the same traffic through round_robin beside it",
    changes: [
      ["examples/demo/phases.ts", "[sumOf(rollcall), sumOf(roundRobin)].flatMap(", "[sumOf(rollcall)].flatMap("],
    ],
    test: "test/examples/demo.test.ts",
    name: "Ctrl-C ends the demo with its summary",
  },
  {
    item: "14.35",
    promise: "Ctrl-C ends the demo with the summary",
    changes: [["examples/demo/main.ts", 'process.once("SIGINT", () => story.interrupt("interrupted"));\n', ""]],
    test: "test/examples/demo.test.ts",
    name: "Ctrl-C ends the demo with its summary",
  },
  {
    item: "14.35",
    promise: "60 columns suffice",
    changes: [
      ["examples/demo/phases.ts", "const widths = [6, 7, 8, 6, 7, 8];", "const widths = [8, 8, 10, 8, 8, 10];"],
    ],
    test: "test/examples/demo.test.ts",
    name: "Ctrl-C ends the demo with its summary",
  },
];
