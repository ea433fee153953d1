/** Kubernetes and the command line, as a newcomer found them; what the package says of itself. */
export const commandLine = [
  {
    item: "14.37",
    promise: "the install command that is advised works on the Node at hand",
    changes: [
      [
        "src/backends/kubernetes/access/kubeconfig.ts",
        'if (Number.parseInt(node, 10) >= 22) return "npm install',
        'if (node) return "npm install',
      ],
    ],
    test: "test/kubernetes/without-library.test.ts",
    name: "a kubeconfig without the library is answered with what to install on this Node, as the documentation has it",
  },
  {
    item: "14.37",
    promise: "of several files in KUBECONFIG what the first says counts",
    changes: [
      [
        "src/backends/kubernetes/kubeconfig-files.ts",
        "for (const entry of lists.flat()) if (!byName.has(entry.name)) byName.set(entry.name, entry);",
        "for (const entry of lists.flat()) byName.set(entry.name, entry);",
      ],
    ],
    test: "test/kubernetes/kubeconfig.test.ts",
    name: "KUBECONFIG may name several files: what the first says counts, those missing or empty are skipped",
  },
  {
    item: "14.37",
    promise: "files that KUBECONFIG names and that are missing are skipped",
    changes: [["src/backends/kubernetes/kubeconfig-files.ts", "files.filter(hasText).map(", "files.map("]],
    test: "test/kubernetes/kubeconfig.test.ts",
    name: "KUBECONFIG may name several files: what the first says counts, those missing or empty are skipped",
  },
  {
    item: "14.37",
    promise: "an exec plugin's path is relative to the file it stands in",
    changes: [
      [
        "src/backends/kubernetes/kubeconfig-files.ts",
        "        exec.command = resolve(dirname(file), exec.command);\n",
        "",
      ],
    ],
    test: "test/kubernetes/kubeconfig.test.ts",
    name: "an exec plugin's path is relative to the kubeconfig",
  },
  {
    item: "14.37",
    promise: "a plugin that is missing is told with its installHint",
    changes: [
      ["src/backends/kubernetes/access/exec-program.ts", "return installHint ?", "return installHint && !code ?"],
    ],
    test: "test/kubernetes/kubeconfig.test.ts",
    name: "an exec plugin's path is relative to the kubeconfig, and of a missing one the installHint is shown",
  },
  {
    item: "14.37",
    promise: "an expired OIDC token is refused clearly",
    changes: [
      [
        "src/backends/kubernetes/access/kubeconfig.ts",
        "      if (refused) throw new Error(refused);\n",
        "      void refused;\n",
      ],
    ],
    test: "test/kubernetes/kubeconfig.test.ts",
    name: "an OIDC token is used while it lasts, and when it has expired that is said, until kubectl has renewed it",
  },
  {
    item: "14.37",
    promise: "what kubectl refuses, because it is said twice, is refused",
    changes: [
      [
        "src/backends/kubernetes/access/kubeconfig.ts",
        "      if (problem) throw",
        "      if (problem && !cluster.server) throw",
      ],
    ],
    test: "test/interop/kubeconfig/kubeconfig.test.ts",
    name: "kubectl and Rollcall make the same of ",
  },
  {
    item: "14.37",
    promise: "a user's tokenFile is read, as kubectl does",
    changes: [
      [
        "src/backends/kubernetes/access/kubeconfig.ts",
        "if (user?.tokenFile) headers",
        "if (user?.tokenFile && !user.tokenFile) headers",
      ],
    ],
    test: "test/interop/kubeconfig/kubeconfig.test.ts",
    name: "kubectl and Rollcall make the same of ",
  },
  {
    item: "14.37",
    promise: "credentials are not sent in the clear, as kubectl sends none",
    changes: [
      [
        "src/backends/kubernetes/access/kubeconfig.ts",
        'const plain = server.protocol === "http:";',
        "const plain = false;",
      ],
    ],
    test: "test/interop/kubeconfig/kubeconfig.test.ts",
    name: "kubectl and Rollcall make the same of ",
  },
  {
    item: "14.38",
    promise: "ls and watch take the URL of any target",
    changes: [["src/cli/registry/place.ts", "(?:[a-z][a-z0-9+.-]*:\\/\\/|dns:)/i", "(?:etcd|discov):\\/\\//i"]],
    test: "test/cli/ls.test.ts",
    name: "ls and watch take the URL of any target",
  },
  {
    item: "14.38",
    promise: "without a key watch shows everything",
    changes: [["src/cli/watch/watch.ts", '"[what]",', '"<what>",']],
    test: "test/cli/watch.test.ts",
    name: "watch without a key shows everything, and says of each leave why",
  },
  {
    item: "14.38",
    promise: "one that is paused is told from one that stopped",
    changes: [
      [
        "src/cli/watch/etcd-feed.ts",
        'return paused ? "paused" : leaveReason(left.lease, performance.now());',
        "return paused ? undefined : leaveReason(left.lease, performance.now());",
      ],
    ],
    test: "test/cli/watch.test.ts",
    name: "watch without a key shows everything, and says of each leave why",
  },
  {
    item: "14.38",
    promise: "one that has expired is told from one that stopped",
    changes: [
      ["src/operator/leave-reason.ts", 'if (left > 1.5) return "stopped";', 'if (left > -60) return "stopped";'],
    ],
    test: "src/operator/leave-reason.test.ts",
    name: "a leave says why where that can be known",
  },
  {
    item: "14.38",
    promise: "one that says it is not ready is a line of watch",
    changes: [
      ["src/cli/watch/views.ts", "if (before === undefined) return;", "if (before === undefined || !json) return;"],
    ],
    test: "test/cli/watch-live.test.ts",
    name: "into a pipe a flip of health is a line as well",
  },
  {
    item: "14.38",
    promise: "many leases are listed without a MaxListenersExceededWarning",
    changes: [
      [
        "src/etcd-client/rpc/one-answer.ts",
        "const release = onAbort(signal, () => call.cancel());",
        'const cancel = () => call.cancel();\n    signal?.addEventListener("abort", cancel, { once: true });\n    const release = () => signal?.removeEventListener("abort", cancel);',
      ],
    ],
    test: "test/cli/ls.test.ts",
    name: "many leases are listed without a warning of Node's, and many keys of one address as one line",
  },
  {
    item: "14.38",
    promise: "a foreign value is never printed",
    changes: [
      [
        "src/backends/etcd/layout/value.ts",
        ': { instance: { address: usableForeignAddress(text) }, form: "address" };',
        ': { instance: { address: text }, form: "address" };',
      ],
    ],
    test: "test/cli/ls.test.ts",
    name: "ls shows each registration with its address, id, lease and facts",
  },
  {
    item: "14.38",
    promise: "the initial set is not shown as joins",
    changes: [["src/cli/watch/changes.ts", 'add(before ? "joined" : "listed", listed)', 'add("joined", listed)']],
    test: "src/cli/watch/changes.test.ts",
    name: "joins, leaves and changed facts are told apart, and the first set is no join",
  },
  {
    item: "14.38",
    promise: "who pauses the last instance is told so",
    changes: [["src/cli/pause.ts", "if (listed === 0) {", "if (listed < 0) {"]],
    test: "test/cli/watch.test.ts",
    name: "watch without a key shows everything, and says of each leave why",
  },
  {
    item: "14.38",
    promise: "an unknown ROLLCALL_LOG_LEVEL is told",
    changes: [["src/log.ts", "if (!known) {", 'if (!known && wanted === "") {']],
    test: "src/log.test.ts",
    name: "an unknown $ROLLCALL_LOG_LEVEL is told, and info is used",
  },
  {
    item: "14.38",
    promise: "no name stands twice in a log line",
    changes: [["src/log.ts", 'const taken = new Set([...Object.keys(head), "msg"]);', "const taken = new Set();"]],
    test: "src/log.test.ts",
    name: "no name stands twice in a line of JSON",
  },
  {
    item: "14.38",
    promise: "on a terminal the log is readable lines",
    changes: [
      [
        "src/log.ts",
        "terminal ? readable(new Date(), at, told, message) : json(new Date(), at, told, message);",
        "json(new Date(), at, told, message);",
      ],
    ],
    test: "test/cli/watch-live.test.ts",
    name: "on a terminal the log is readable lines, elsewhere JSON",
  },
  {
    item: "14.39",
    promise: "the README in the package has no dead links",
    changes: [["package.json", '    "docs",\n', ""]],
    test: "test/packaging/packed.test.ts",
    name: "the package's README leads nowhere that is not in the package",
  },
  {
    item: "14.39",
    promise: "package.json has repository, homepage and bugs",
    changes: [["package.json", '  "homepage": "https://github.com/rollcall-js/rollcall#readme",\n', ""]],
    test: "test/packaging/packed.test.ts",
    name: "package.json says where the project is and where to report",
  },
  {
    item: "14.39",
    promise: 'the quick start names "type": "module"',
    changes: [["README.md", 'in a package with `"type": "module"` (`require()` works as well):', "generated or not:"]],
    test: "test/examples/readme.test.ts",
    name: "the quick start says which kind of module its programs are, and the installation names all that they import",
  },
  {
    item: "14.39",
    promise: "the quick start names all it needs",
    changes: [["README.md", "rollcall-0.1.0.tgz @grpc/grpc-js`.", "rollcall-0.1.0.tgz`."]],
    test: "test/examples/readme.test.ts",
    name: "the quick start says which kind of module its programs are, and the installation names all that they import",
  },
];
