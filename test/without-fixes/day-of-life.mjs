/** A day of life: what lingers after outages, expired tokens and watches that were left; one etcd, however it is written. */
export const dayOfLife = [
  {
    item: "14.47",
    promise: "a dial ends with its client",
    changes: [
      [
        "src/etcd-client/rpc/connect.ts",
        "const release = onAbort(signal, () => fail(signal.reason));",
        "const release = () => {};",
      ],
    ],
    test: "src/etcd-client/rpc/transport.test.ts",
    name: "an abort ends the dial and leaves no connection behind",
  },
  {
    item: "14.47",
    promise: "an outage of etcd leaves no connection that was given up while it lasted",
    changes: [
      [
        "src/etcd-client/rpc/connect.ts",
        "      if (session) destroySoon(session);\n      else socket.destroy();\n",
        "",
      ],
    ],
    test: "test/etcd/background.test.ts",
    name: "while etcd is there and silent, each connection that is given up is closed: never more than one is open",
  },
  {
    item: "14.47",
    promise: "a session that is given up takes its connection with it",
    changes: [
      [
        "src/etcd-client/etcd-session.ts",
        '    this.#transport.close(new RpcError(Status.UNAVAILABLE, "the session was dropped", { cause: reason }));\n',
        "",
      ],
    ],
    test: "test/etcd/background.test.ts",
    name: "outages leave one connection to etcd, and closing leaves none",
  },
  {
    item: "14.47",
    promise: "an expired token leaves nothing of its watch stream in memory",
    changes: [
      [
        "src/etcd-client/watch/watch-stream.ts",
        "    this.#reader = new RangeReader(session);\n",
        "    this.#reader = new RangeReader(session);\n    void session.ended.then((reason) => this.end(reason));\n",
      ],
    ],
    test: "src/etcd-client/watch/watch-stream.test.ts",
    name: "a watch stream that ended, as with every token that expires, is not kept while its session lives",
  },
  {
    item: "14.47",
    promise: "a watch left by break leaves no listener on its signal",
    changes: [["src/async/latest.ts", "      this.end(); // also when the reader leaves by `break`\n", ""]],
    test: "test/etcd/background.test.ts",
    name: "watches left by break and ten watches of one signal leave no listener and warn of nothing",
  },
  {
    item: "14.47",
    promise: "ten live watches of one signal warn of nothing",
    changes: [
      [
        "src/async/on-abort.ts",
        `  const calls = waiting.get(signal) ?? listen(signal);
  const own = () => call(); // the same function may be given twice
  calls.add(own);
  return () => {
    calls.delete(own);
    if (calls.size === 0 && waiting.get(signal) === calls) {
      waiting.delete(signal);
      signal.removeEventListener("abort", fire);
    }
  };
`,
        `  signal.addEventListener("abort", call, { once: true });
  return () => signal.removeEventListener("abort", call);
`,
      ],
    ],
    test: "test/etcd/background.test.ts",
    name: "watches left by break and ten watches of one signal leave no listener and warn of nothing",
  },
  {
    item: "14.48",
    promise: "settings are compared after they were brought into one form",
    changes: [
      [
        "src/etcd-client/settings.ts",
        "insecureSkipVerify, tls } = normaliseSettings(settings);",
        "insecureSkipVerify, tls } = settings;",
      ],
    ],
    test: "src/etcd-client/settings.test.ts",
    name: "settings that mean the same connection share it, however they are written",
  },
  {
    item: "14.48",
    promise: "the order of hosts makes no other cluster",
    changes: [["src/etcd-client/settings.ts", "[...hosts].sort()", "hosts"]],
    test: "src/etcd-client/settings.test.ts",
    name: "settings that mean the same connection share it, however they are written",
  },
  {
    item: "14.48",
    promise: "a URL client and a YAML client of one etcd share one connection",
    changes: [
      ["src/etcd-client/cluster.ts", "const key = connectionKey(settings);", "const key = JSON.stringify(settings);"],
    ],
    test: "test/etcd/economy.test.ts",
    name: "clients and servers share one connection however the same etcd is written",
  },
  {
    item: "14.49",
    promise: "the dev registry keeps a value of 150 bytes in 150 bytes",
    changes: [["src/dev-registry/store.ts", "value: ownBytes(value),", "value,"]],
    test: "src/dev-registry/store.test.ts",
    name: "a kept key and value hold their own bytes in memory and no more",
  },
  {
    item: "14.49",
    promise: "with Retry a unary call survives a crash, as docs/reliability.md says",
    changes: [
      [
        "src/grpc/client/call-settings.ts",
        "const retries = Retry ? [{ name: all, ...retryPolicy(Retry) }] : fixed;",
        "const retries = fixed;",
      ],
    ],
    test: "test/grpc/calls/retries.test.ts",
    name: "with retries a unary call survives a crash before the headers of its answer have come",
  },
  {
    item: "14.49",
    promise: "the soak fails on a slope that is significant, and on no other",
    changes: [
      ["test/soak/trend.ts", "atLeast: (slope - CERTAIN * error) * time", "atLeast: (slope - 0 * error) * time"],
    ],
    test: "test/soak/trend.test.ts",
    name: "what does not grow is not found to, noise, waves and slow wandering back and forth included",
  },
  {
    item: "14.49",
    promise: "what grows by a line is found, and by how much",
    changes: [
      ["test/soak/trend.ts", "return { growth: slope * time,", "return { growth: samples.at(-1)![1] - samples[0]![1],"],
    ],
    test: "test/soak/trend.test.ts",
    name: "what grows by a line under noise is found, and by how much",
  },
];
