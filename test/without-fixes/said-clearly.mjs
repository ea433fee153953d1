/** Said clearly, at every change. */
export const saidClearly = [
  {
    item: "13.22",
    promise: "every reason why etcd is not reachable is one warning",
    changes: [
      [
        "src/etcd-client/connection-state.ts",
        'before.at === "unreachable" && before.reason === after.reason',
        'before.at === "unreachable"',
      ],
    ],
    test: "src/etcd-client/connection-state.test.ts",
    name: "while no host can be used, every change of reason is one warning and no repetition is",
  },
  {
    item: "13.22",
    promise: "every reason why a server is not listed in etcd is one warning",
    changes: [
      [
        "src/backends/etcd/registration/registration-log.ts",
        "if (why && this.#isNews(why.message)) this.#sayWhyNot(",
        "if (why && this.#said.size === 0 && this.#isNews(why.message)) this.#sayWhyNot(",
      ],
    ],
    test: "test/etcd/reasons.test.ts",
    name: "every reason why a server is not listed is one warning, also those after the first",
  },
  {
    item: "13.22",
    promise: "every reason why a server is not listed elsewhere is one warning",
    changes: [
      [
        "src/lifecycle/kept-registration.ts",
        "if (why === this.#reason || this.#leaving.signal.aborted) return;",
        "if (this.#reason !== undefined || this.#leaving.signal.aborted) return;",
      ],
    ],
    test: "src/lifecycle/server-life.test.ts",
    name: "every change of the reason why it is not listed is one warning, and its end one line",
  },
  {
    item: "13.22",
    promise: '"took ... out" is said only of what was in',
    changes: [
      [
        "src/backends/etcd/registration/etcd-registration.ts",
        "if (wasIn && confirmed) this.#log.tookOut();",
        "this.#log.tookOut();",
      ],
    ],
    test: "test/etcd/reasons.test.ts",
    name: "what was never in is not said to be taken out",
  },
  {
    item: "13.22",
    promise: "a reading that was refused is not told as slow while it waits to be repeated",
    changes: [["src/etcd-client/watch/watch-stream.ts", ".finally(() => clearTimeout(slow))", ""]],
    test: "src/etcd-client/watch/watch-stream.test.ts",
    name: "a range that cannot be read is told with each reason once",
  },
  {
    item: "13.23",
    promise: "the same Etcd.ID: the other address and the cure are named",
    changes: [["src/backends/etcd/registration/taker.ts", "if (id === undefined) {", "if (key !== undefined) {"]],
    test: "test/etcd/reasons.test.ts",
    name: "dev registry: two servers with one Etcd.ID: the one that lost its key is told whose it is, and the cure",
  },
  {
    item: "13.23",
    promise: "a role without rights on the extra keys is enough, and what to grant is said",
    changes: [
      [
        "src/backends/etcd/registration/entry.ts",
        "if (!isDenied(error) || !this.#records?.hasAttributes) throw error;",
        "if (error !== undefined) throw error;",
      ],
    ],
    test: "test/etcd/reasons.test.ts",
    name: "a role without rights beside the service's keys: servers say once what to grant, clients say nothing",
  },
  {
    item: "13.23",
    promise: "an etcd or proxy that finds pings too many gets fewer",
    changes: [["src/etcd-client/rpc/transport.ts", "this.#options.pace.slowDown();", ""]],
    test: "src/etcd-client/rpc/transport.test.ts",
    name: "too many pings, says the server: the pace is slowed down",
  },
  {
    item: "13.23",
    promise: "a server that closes for too many pings: KeepaliveTime is named",
    changes: [
      [
        "src/grpc/policy/connection/grpc-transport.ts",
        "this.#deaf.push(pings.listenTo(subchannel, this.#listed.instance.address, keepaliveMs));",
        "",
      ],
    ],
    test: "test/grpc/balancing/too-many-pings.test.ts",
    name: "a server that closes a connection because of too many pings: one warning names KeepaliveTime and the cure",
  },
  {
    item: "13.23",
    promise: "a KeepaliveTime below what Go servers allow is warned about at load",
    changes: [
      [
        "src/config/schema/rpc-client-config.ts",
        "KeepaliveTime: advise(duration(notation).optional(), tooManyPings),",
        "KeepaliveTime: duration(notation).optional(),",
      ],
    ],
    test: "src/config/accepted-files.test.ts",
    name: "what is allowed and hardly meant is warned about, with its place",
  },
  {
    item: "13.23",
    promise: "TLS on one side only is said",
    changes: [
      [
        "src/etcd-client/errors.ts",
        "/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_LAYER_FAILURE|expects TLS|disconnected before secure/i.test(",
        "/WRONG_VERSION_NUMBER/i.test(",
      ],
    ],
    test: "src/etcd-client/errors.test.ts",
    name: "a failure of TLS names the side that is wrong and the setting that changes it",
  },
  {
    item: "13.23",
    promise: "a missing client certificate is said",
    changes: [["src/etcd-client/errors.ts", "if (/ALERT_|alert /i.test(text) || ", "if ("]],
    test: "src/etcd-client/errors.test.ts",
    name: "a failure of TLS names the side that is wrong and the setting that changes it",
  },
  {
    item: "13.23",
    promise: "a mismatch of TLS names says which setting changes it",
    changes: [["src/etcd-client/errors.ts", "if (/ALTNAME|altnames/i.test(text)) return nameAdvice(host);", ""]],
    test: "src/etcd-client/errors.test.ts",
    name: "a failure of TLS names the side that is wrong and the setting that changes it",
  },
  {
    item: "13.23",
    promise: "a value that is a URL is refused as one",
    changes: [["src/address.ts", 'if (/^[a-z][a-z0-9+.-]*:\\/\\//i.test(text)) fail("it is a URL");', ""]],
    test: "src/config/accepted-files.test.ts",
    name: "a value that is a URL, or several, is refused as that where an address is expected",
  },
  {
    item: "13.23",
    promise: "several hosts in one string are refused as several",
    changes: [
      ["src/address.ts", 'if (text.includes(",")) fail("it holds several addresses; give each one by itself");', ""],
    ],
    test: "src/address.test.ts",
    name: "what is no address is refused with the reason",
  },
  {
    item: "13.23",
    promise: "doctor tells of nested keys",
    changes: [["src/cli/doctor/check-etcd.ts", "...checkNested(subject, key, registrations),", ""]],
    test: "test/cli/doctor.test.ts",
    name: "warnings alone end with 3: near misses, nested keys, keys without a lease, unsafe settings",
  },
  {
    item: "13.24",
    promise: "doctor tests write rights",
    changes: [["src/cli/doctor/examine.ts", "yield* await checkWriting(where, settings, key, attributes);", ""]],
    test: "test/cli/doctor.test.ts",
    name: "a server that may not write is told before it starts: no rights, and an etcd that is full",
  },
  {
    item: "13.24",
    promise: "doctor writes nothing",
    changes: [["src/backends/etcd/operator/write-check.ts", "compare: [never], ", ""]],
    test: "test/cli/doctor.test.ts",
    name: "a server that may not write is told before it starts: no rights, and an etcd that is full",
  },
  {
    item: "13.24",
    promise: "doctor names the alarm of an etcd that is full",
    changes: [
      [
        "src/cli/doctor/check-etcd.ts",
        "if (/space exceeded|NOSPACE/i.test(message)) {",
        "if (/NOSPACE/.test(message)) {",
      ],
    ],
    test: "test/cli/doctor.test.ts",
    name: "a server that may not write is told before it starts: no rights, and an etcd that is full",
  },
  {
    item: "13.24",
    promise: "doctor tells of near-miss keys",
    changes: [
      [
        "src/cli/doctor/examine.ts",
        "yield* warnings.filter(isNew).map((problem) => warning(...placeAndMessage(file, problem)));",
        "",
      ],
    ],
    test: "test/cli/doctor.test.ts",
    name: "warnings alone end with 3: near misses, nested keys, keys without a lease, unsafe settings",
  },
  {
    item: "13.24",
    promise: "warnings of doctor are an exit code",
    changes: [["src/cli/doctor/doctor.ts", 'else if (some("warning")) process.exitCode = EXIT.warning;', ""]],
    test: "test/cli/doctor.test.ts",
    name: "warnings alone end with 3: near misses, nested keys, keys without a lease, unsafe settings",
  },
  {
    item: "13.24",
    promise: "what doctor suggests to paste is quoted for the shell",
    changes: [["src/cli/output.ts", "return /^[\\w@%+=:,./-]+$/.test(text) ? text", "return text ? text"]],
    test: "test/cli/doctor.test.ts",
    name: "warnings alone end with 3: near misses, nested keys, keys without a lease, unsafe settings",
  },
  {
    item: "13.24",
    promise: "doctor dials what is listed, as a client would",
    changes: [["src/cli/doctor/examine.ts", "yield* await checkInstances(where, found, advice);", ""]],
    test: "test/cli/doctor.test.ts",
    name: "instances that are listed and do not answer are told, of a server's own key too",
  },
  {
    item: "13.25",
    promise: "a server's empty Etcd section means no registration",
    changes: [
      [
        "src/config/schema/etcd-config.ts",
        "z.preprocess((given) => (namesNoHost(given) ? undefined : given), etcdConfig(notation).optional())",
        "etcdConfig(notation).optional()",
      ],
    ],
    test: "src/config/accepted-files.test.ts",
    name: "a server whose Etcd section names no host is not registered, as with go-zero, and that is said",
  },
  {
    item: "13.25",
    promise: "Endpoints beside Etcd with empty Hosts count",
    changes: [
      [
        "src/config/schema/etcd-config.ts",
        "return Object.keys(given).length === 0 || (Array.isArray(Hosts) && Hosts.length === 0);",
        "return Object.keys(given).length === 0 && Hosts === undefined;",
      ],
    ],
    test: "src/config/accepted-files.test.ts",
    name: "Endpoints or Target beside an Etcd section without hosts count",
  },
  {
    item: "13.25",
    promise: "hosts may be URLs, end with a slash and be joined with commas",
    changes: [
      [
        "src/config/schema/etcd-config.ts",
        '.transform((hosts) => hosts.flatMap(listItems).map((item) => item.replace(/\\/$/, ""))),',
        ",",
      ],
    ],
    test: "src/config/accepted-files.test.ts",
    name: "hosts may be URLs, end with a slash and be joined with commas",
  },
  {
    item: "13.25",
    promise: "docs/interop.md lists every difference",
    changes: [["docs/interop.md", "| `Timeout: -5` | read as no limit | refused: 0 is no limit |\n", ""]],
    test: "test/interop/config.test.ts",
    name: "docs/interop.md lists every difference in files that is known, and says of each who refuses it",
  },
  {
    item: "13.25",
    promise: "a Kratos instance without a weight weighs 100",
    changes: [["src/backends/etcd/layout/value.ts", ": KRATOS_DEFAULT_WEIGHT;", ": 1;"]],
    test: "src/backends/etcd/layout/value.test.ts",
    name: "a Kratos instance weighs what Kratos takes it to weigh",
  },
  {
    item: "13.25",
    promise: "a weight of 0 gets no calls",
    changes: [["src/backends/etcd/discovery/service-set.ts", "if (weight === 0) this.#resting.add(address);", ""]],
    test: "src/backends/etcd/discovery/service-set.test.ts",
    name: "an instance with a weight of 0 is left out, unless there are no others",
  },
];
