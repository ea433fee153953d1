// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pieces of sources.
/** Secrets and hostile input. */
export const secrets = [
  {
    item: "13.26",
    promise: "the password of user:password@ is shown nowhere",
    changes: [
      [
        "src/target/redact.ts",
        "if (at < 0) return hideSecretValues(withoutUserInfo(url), true);",
        "if (at < 0) return url;",
      ],
    ],
    test: "src/target/redact.test.ts",
    name: "no piece of a password in a target is shown, whatever it is made of and however its name is misspelt",
  },
  {
    item: "13.26",
    promise: "a misspelt pass= is a password too",
    changes: [
      [
        "src/target/secret-names.ts",
        "SOMEWHERE.test(plain) || nearMiss(plain, MISSPELT) !== undefined",
        "SOMEWHERE.test(plain)",
      ],
    ],
    test: "src/target/redact.test.ts",
    name: "no piece of a password in a target is shown, whatever it is made of and however its name is misspelt",
  },
  {
    item: "13.26",
    promise: "password= in prose is hidden",
    changes: [["src/target/secret-values.ts", "if (value !== undefined) {", "if (value === 0) {"]],
    test: "src/target/redact.test.ts",
    name: "prose keeps its words and loses its secrets",
  },
  {
    item: "13.26",
    promise: "doctor shows no password of a Target",
    changes: [
      ["src/cli/doctor/check-client.ts", "${redactUrl(url)}", "${url}"],
      ["src/cli/output.ts", "return printableJson(withoutSecrets(data));", "return printableJson(data);"],
    ],
    test: "test/cli/doctor.test.ts",
    name: "no password is shown, of a target, of a host, in JSON or not",
  },
  {
    item: "13.26",
    promise: "no secret stands in a log line",
    changes: [["src/log.ts", "const shown = presentableText(message);", "const shown = message;"]],
    test: "src/log.test.ts",
    name: "no secret and nothing that steers a terminal stands in a line, wherever it was",
  },
  {
    item: "13.26",
    promise: "no error shows what stands in a registry",
    changes: [
      [
        "src/backends/etcd/layout/usable-address.ts",
        'throw new TypeError(message.startsWith(quoted) ? `it${message.slice(quoted.length)}` : "it is no address");',
        "throw new TypeError(message || quoted);",
      ],
    ],
    test: "src/backends/etcd/layout/value.test.ts",
    name: "no error shows the value it is about: a password may stand there",
  },
  {
    item: "13.27",
    promise: "${VAR} values survive and add no settings",
    changes: [
      [
        "src/config/yaml/yaml-file.ts",
        "parseDocument(this.#variables.text, READING)",
        "parseDocument(this.#variables.expand(this.#variables.text), READING)",
      ],
    ],
    test: "src/config/variables.test.ts",
    name: "a password of the environment arrives unchanged and cannot add settings, whatever it is made of",
  },
  {
    item: "13.27",
    promise: "a value that is a whole list or number stays possible",
    changes: [
      [
        "src/config/yaml/yaml-file.ts",
        'if (key === "key" || scalar.type !== Scalar.PLAIN) {',
        "if (text !== undefined) {",
      ],
    ],
    test: "src/config/variables.test.ts",
    name: "a value that is a whole number, switch or list stays possible where one is expected",
  },
  {
    item: "13.27",
    promise: "YAML warnings are surfaced",
    changes: [["src/config/load.ts", "    ...yaml.warnings,\n", ""]],
    test: "src/config/variables.test.ts",
    name: "text that YAML drops is warned about, and a password is not shown by it",
  },
  {
    item: "13.28",
    promise: "C1 and bidi characters are neutralised, not control characters alone",
    changes: [["src/target/redact.ts", "/[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}]/gu", "/[\\u0000-\\u001f]/g"]],
    test: "src/target/redact.test.ts",
    name: "nothing that steers a terminal gets through, and JSON keeps its meaning",
  },
  {
    item: "13.28",
    promise: "--json steers no terminal",
    changes: [
      ["src/target/redact.ts", "return printable(JSON.stringify(data, ", "return String(JSON.stringify(data, "],
    ],
    test: "test/cli/output.test.ts",
    name: "no terminal is steered by what stands in the registry, by --json neither",
  },
  {
    item: "13.28",
    promise: "no log line steers a terminal",
    changes: [
      ["src/log-facts.ts", "const shown = printable(redactText(beginning));", "const shown = redactText(beginning);"],
    ],
    test: "src/log.test.ts",
    name: "no secret and nothing that steers a terminal stands in a line, wherever it was",
  },
  {
    item: "13.28",
    promise: "InsecureSkipVerify is warned about",
    changes: [
      [
        "src/config/schema/etcd-config.ts",
        "InsecureSkipVerify: InsecureSkipVerify\n",
        "InsecureSkipVerify: InsecureSkipVerify && CACertFile\n",
      ],
    ],
    test: "src/config/accepted-files.test.ts",
    name: "what is allowed and hardly meant is warned about, with its place",
  },
  {
    item: "13.28",
    promise: "a password in plain text is warned about",
    changes: [
      [
        "src/config/schema/etcd-config.ts",
        "const plain = !byFile && https.length === 0 && elsewhere;",
        "const plain = byFile && https.length === 0 && elsewhere;",
      ],
    ],
    test: "src/config/accepted-files.test.ts",
    name: "what is allowed and hardly meant is warned about, with its place",
  },
  {
    item: "13.28",
    promise: "http:// hosts beside a CA file are warned about",
    changes: [
      [
        "src/config/schema/etcd-config.ts",
        "byFile && Hosts.some((one) => /^http:/i.test(one))",
        "byFile && Hosts.length === 0",
      ],
    ],
    test: "src/config/accepted-files.test.ts",
    name: "what is allowed and hardly meant is warned about, with its place",
  },
  {
    item: "13.28",
    promise: "dev says what it exposes",
    changes: [["src/cli/dev.ts", "if (!isLoopbackHost(host)) {", "if (isLoopbackHost(host)) {"]],
    test: "test/cli/dev.test.ts",
    name: "dev says what it exposes when others can reach it",
  },
  {
    item: "13.28",
    promise: "hosts that the system would turn into another address are refused",
    changes: [
      [
        "src/address.ts",
        'if (isNumericHost(host) && !isIPv4(host)) fail("its host is a number but no IPv4 address of four decimal parts");',
        "",
      ],
    ],
    test: "src/address.test.ts",
    name: "a host that the system would turn into another address is refused",
  },
  {
    item: "13.28",
    promise: "wildcards in every spelling are no usable addresses",
    changes: [["src/backends/etcd/layout/usable-address.ts", 'UNREACHABLE.addSubnet("0.0.0.0", 8, "ipv4");', ""]],
    test: "src/backends/etcd/layout/usable-address.test.ts",
    name: "what nobody can connect to is no usable address, however it is spelt",
  },
  {
    item: "13.28",
    promise: "loopback and wildcards are known in every spelling",
    changes: [
      [
        "src/address.ts",
        "const name = URL.canParse(url) ? new URL(url).hostname : plain.toLowerCase();",
        "const name = isIPv6(plain) ? `[${plain}]` : plain.toLowerCase();",
      ],
    ],
    test: "src/address.test.ts",
    name: "all interfaces and loopback are known however they are written",
  },
  {
    item: "13.29",
    promise: "a grpc-js with known holes is refused",
    changes: [["src/grpc/grpc-js-version.ts", "{ 13: 5, 14: 4 }", "{ 13: 0, 14: 0 }"]],
    test: "src/grpc/grpc-js-version.test.ts",
    name: "others are refused with a sentence that names the range and the fix; those with a hole with its number",
  },
  {
    item: "13.29",
    promise: "npm is told the same floor",
    changes: [
      ["package.json", '"@grpc/grpc-js": ">=1.13.5 <1.14.0 || >=1.14.4 <1.15.0"', '"@grpc/grpc-js": "^1.13.0"'],
    ],
    test: "src/grpc/grpc-js-version.test.ts",
    name: "package.json and SECURITY.md state the range that is checked, and SECURITY.md why",
  },
];
