/** Real networks: families, addresses that change, hosts that vanish, firewalls, slow DNS, interfaces that nobody reaches. */
export const networks = [
  {
    item: "14.40",
    promise: "a family that is not listened on is never registered",
    changes: [
      [
        "src/lifecycle/advertise.ts",
        "const candidates = (now: Interfaces) => ownAddresses(now).filter(reached);",
        "const candidates = (now: Interfaces) => ownAddresses(now);",
      ],
    ],
    test: "src/lifecycle/advertise.test.ts",
    name: "a family that is not listened on is never registered",
  },
  {
    item: "14.40",
    promise: "0.0.0.0 listens over IPv6 as well, as it does in Go and as the documentation says",
    changes: [["src/grpc/server/service-server.ts", "if (!isWildcardHost(host)) return", 'if (host !== "") return']],
    test: "test/lifecycle/network.test.ts",
    name: "each of the three ways to listen on all interfaces answers over both families",
  },
  {
    item: "14.41",
    promise: "an address that the machine has lost is noticed now and then",
    changes: [
      [
        "src/lifecycle/address-watch.ts",
        "    this.#timer = setInterval(() => this.#compare(true), this.#everyMs);\n    this.#timer.unref();\n",
        "",
      ],
    ],
    test: "src/lifecycle/moved-address.test.ts",
    name: "a new address is told once, at the next look or as soon as the registry has lost the server",
  },
  {
    item: "14.41",
    promise: "a session that is lost is a reason to look at the machine's addresses, and to register the new one",
    changes: [["src/lifecycle/listing.ts", "const onLost = () => this.#watch?.look();", "const onLost = () => {};"]],
    test: "src/lifecycle/listing.test.ts",
    name: "when the machine's address has changed, the old one is taken out and the new one put in, facts and all",
  },
  {
    item: "14.41",
    promise: "a lost address that Advertise names is warned about",
    changes: [["src/lifecycle/address-watch.ts", '      else if (found.is === "gone") this.#warn(interfaces);\n', ""]],
    test: "src/lifecycle/moved-address.test.ts",
    name: "where Advertise forbids another address, one warning says so",
  },
  {
    item: "14.42",
    promise: "what was found dead ends its calls with UNAVAILABLE",
    changes: [
      [
        "src/grpc/policy/connection/observed-subchannel.ts",
        "    for (const call of [...this.#calls.values()]) call.cancelWithStatus(status.UNAVAILABLE, reason);\n",
        "    void reason;\n",
      ],
    ],
    test: "test/grpc/balancing/silence.test.ts",
    name: "calls and streams without a deadline on a host that has vanished end with UNAVAILABLE, and the next ones work",
  },
  {
    item: "14.42",
    promise: "unanswered silence starts a probe, before any deadline passes",
    changes: [
      [
        "src/membership/connection/connection.ts",
        "busy: () => this.#activity === activity && this.#standing?.watchCalls(),",
        "busy: () => {},",
      ],
    ],
    test: "src/membership/connection/connection.test.ts",
    name: "a call without answer starts a probe, and no answer to that a new connection",
  },
  {
    item: "14.42",
    promise: "a host that comes back within the grace time keeps its calls",
    changes: [
      [
        "src/membership/connection/standing-session.ts",
        "if (this.#activity.heardAt === heardAt) this.session.endCalls(reason);",
        "this.session.endCalls(reason);",
      ],
    ],
    test: "src/membership/connection/connection.test.ts",
    name: "an instance that is heard again within the grace time keeps its calls",
  },
  {
    item: "14.42",
    promise: "how long such calls are left to themselves is configurable",
    changes: [["src/grpc/policy/policy.ts", "callGraceMs: silentCallGraceMs", "callGraceMs: 5_000"]],
    test: "test/grpc/balancing/silence.test.ts",
    name: "how long the calls on a silent host are left to themselves is what silentCallGrace says",
  },
  {
    item: "14.43",
    promise: "connections that carry watches have a keepalive by default",
    changes: [
      [
        "src/grpc/policy/connection/connection-options.ts",
        "if (given === undefined) return QUIET_KEEPALIVE_MS;",
        "if (given === undefined) return undefined;",
      ],
    ],
    test: "src/grpc/policy/connection/connection-options.test.ts",
    name: "quiet connections are probed where health is watched, at the application's pace where it gives one",
  },
  {
    item: "14.43",
    promise: "a quiet connection is probed at its keepalive time",
    changes: [
      [
        "src/membership/connection/connection.ts",
        "    if (keepaliveMs !== undefined) standing.keepAlive(keepaliveMs);\n",
        "    void keepaliveMs;\n",
      ],
    ],
    test: "src/membership/connection/connection.test.ts",
    name: "a quiet connection is probed at its keepalive time, a busy one and one without is not",
  },
  {
    item: "14.43",
    promise: "the first call after an idle time goes where the way is known to be open",
    changes: [
      [
        "src/membership/connection/connection.ts",
        "return running === 0 && this.#settings.timing.now() - heardAt > IDLE_MS;",
        "return running === 0 && this.#settings.timing.now() < heardAt;",
      ],
    ],
    test: "test/grpc/balancing/silence.test.ts",
    name: "after an idle time a call goes where the way is known to be open",
  },
  {
    item: "14.43",
    promise: "the documentation's default of KeepaliveTime is the real one",
    changes: [
      [
        "src/grpc/policy/connection/connection-options.ts",
        '"grpc.keepalive_time_ms": 310_000,',
        '"grpc.keepalive_time_ms": 20_000,',
      ],
    ],
    test: "test/docs/configuration.test.ts",
    name: "a default that the runtime alone knows is documented too",
  },
  {
    item: "14.44",
    promise: "DNS that takes 5 s and longer is believed",
    changes: [["src/host-names/dns-query.ts", "const TIMEOUT_MS = 5_000;", "const TIMEOUT_MS = 1_000;"]],
    test: "test/dns/broken-servers.test.ts",
    name: "a server that takes longer than the timeout is believed when its answer comes",
  },
  {
    item: "14.44",
    promise: "the late answer of a server is taken, though another has been asked since",
    changes: [
      [
        "src/host-names/ask-in-turn.ts",
        "(answer) => end(() => resolve(answer)),",
        "(answer) => server === servers[asked - 1] && end(() => resolve(answer)),",
      ],
    ],
    test: "src/host-names/ask-in-turn.test.ts",
    name: "the next server is asked after a second of silence, at once after a failure",
  },
  {
    item: "14.44",
    promise: "names that are answered slowly keep no other waiting",
    changes: [["src/host-names/lookup-queue.ts", "      this.#withoutPlace += 1;\n      leave();\n", ""]],
    test: "src/host-names/lookup-queue.test.ts",
    name: "a silent lookup makes way after a second, and its answer still counts",
  },
  {
    item: "14.45",
    promise: "an instance without a connection for half a minute is mentioned",
    changes: [
      [
        "src/membership/connection/connection.ts",
        "      if (!upState(this.#state)) this.#listener.unconnected();\n",
        "",
      ],
    ],
    test: "src/membership/connection/connection.test.ts",
    name: "an instance without a connection for half a minute is mentioned, once until it is connected",
  },
  {
    item: "14.45",
    promise: "however many they are, one warning names them and the reasons",
    changes: [
      [
        "src/membership/announcements.ts",
        "this.#stopGathering ??= this.#timing.after(GATHER_MS, () => {\n      this.#stopGathering = undefined;\n      this.#reportUnconnected();\n    });",
        "this.#reportUnconnected();",
      ],
    ],
    test: "src/membership/membership.test.ts",
    name: "instances that stay unconnected while others serve are named in one warning with their reasons",
  },
  {
    item: "14.45",
    promise: "an ambiguous choice of address is told at registration",
    changes: [
      [
        "src/lifecycle/bound.ts",
        "advertised && advertised.others.length > 0",
        "advertised && advertised.others.length > 99",
      ],
    ],
    test: "test/lifecycle/network.test.ts",
    name: "a host with several addresses says at registration which it could have been, and how to choose",
  },
  {
    item: "14.45",
    promise: "doctor checks that advertised addresses answer",
    changes: [
      ["src/cli/doctor/examine.ts", "    yield* await checkInstances(where, found, advice);\n", "    void advice;\n"],
    ],
    test: "test/cli/doctor.test.ts",
    name: "instances that are listed and do not answer are told, of a server's own key too",
  },
];
