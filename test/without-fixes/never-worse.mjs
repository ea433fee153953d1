/** Never worse than plain grpc-js. */
export const neverWorse = [
  {
    item: "13.1",
    promise: "when every process says NOT_SERVING they are called all the same",
    changes: [
      [
        "src/membership/channel-state.ts",
        "if (unwilling.length > 0 && !(pending && patient)) {",
        "if (willing.length > 0 && unwilling.length > 0 && !(pending && patient)) {",
      ],
    ],
    test: "test/grpc/balancing/panic.test.ts",
    name: "when every process says NOT_SERVING they are called all the same, as by grpc-js alone, with one warning",
  },
  {
    item: "13.1",
    promise: "one of several processes behind an address drains, and no call fails",
    changes: [
      [
        "src/membership/channel-state.ts",
        "if (unwilling.length > 0 && !(pending && patient)) {",
        "if (willing.length > 0 && unwilling.length > 0 && !(pending && patient)) {",
      ],
      ["src/membership/connection/connection.ts", "else this.#reasking.start();", ""],
    ],
    test: "test/grpc/balancing/panic.test.ts",
    name: "one of several processes behind an address drains: no call fails, and another process is found that serves",
  },
  {
    item: "13.1",
    promise: "that nobody serves is said once",
    changes: [
      ["src/membership/panic-announcement.ts", "if ((this.#panic !== undefined) === instances > 0) return;", ""],
      [
        "src/membership/panic-announcement.ts",
        "else if (wait <= 0) this.#tell(",
        "else if (wait < Infinity) this.#tell(",
      ],
    ],
    test: "src/membership/membership.test.ts",
    name: "panic: those that are up are used when nobody serves and the others have had a second, with one warning",
  },
  {
    item: "13.1",
    promise: "a connection that says NOT_SERVING is dialled again, to find another process behind its address",
    changes: [["src/membership/connection/connection.ts", "else this.#reasking.start();", ""]],
    test: "src/membership/connection/connection.test.ts",
    name: "where one says NOT_SERVING another connection is tried, and taken as soon as it serves",
  },
  {
    item: "13.2",
    promise: "an instance whose health Watch ends is called, whatever the status",
    changes: [
      [
        "src/grpc/policy/connection/health-watch.ts",
        "if (refused || (!told && !BROKEN.includes(code))) {",
        "if (code === status.UNIMPLEMENTED) {",
      ],
      [
        "src/membership/connection/standing-session.ts",
        "this.#stopFirstWord = afterRead(FIRST_WORD_MS, () => this.#events.untold(), this.#timing);",
        "",
      ],
    ],
    test: "test/grpc/balancing/health.test.ts",
    name: "an instance whose health Watch ends with UNAUTHENTICATED is called, as by grpc-js alone",
  },
  {
    item: "13.2",
    promise: "an instance whose health Watch never answers is called",
    changes: [
      [
        "src/membership/connection/standing-session.ts",
        "this.#stopFirstWord = afterRead(FIRST_WORD_MS, () => this.#events.untold(), this.#timing);",
        "",
      ],
    ],
    test: "test/grpc/balancing/health.test.ts",
    name: "an instance whose health Watch never answers is called, as by grpc-js alone, and that is said once",
  },
  {
    item: "13.2",
    promise: 'a health map without "" means that health is not told',
    changes: [
      [
        "src/grpc/policy/connection/health-watch.ts",
        "if (serving === Status.SERVING || serving === Status.NOT_SERVING) return",
        "if (serving !== undefined) return",
      ],
    ],
    test: "test/grpc/balancing/health.test.ts",
    name: "an instance whose health Watch says SERVICE_UNKNOWN is called, as by grpc-js alone, and that is said once",
  },
  {
    item: "13.2",
    promise: "a Watch that was refused is asked again",
    changes: [["src/grpc/policy/connection/health-watch.ts", "if (code !== status.UNIMPLEMENTED) askAgain();", ""]],
    test: "test/grpc/balancing/health.test.ts",
    name: "a Watch that was refused is asked again, and what it says then counts",
  },
  {
    item: "13.2",
    promise: "healthCheckConfig.serviceName of gRPC's service config is honoured",
    changes: [
      [
        "src/grpc/policy/policy.ts",
        'healthService ?? healthCheckService(options["grpc.service_config"]) ?? ""',
        'healthService ?? ""',
      ],
    ],
    test: "test/grpc/balancing/health.test.ts",
    name: "a service name of gRPC's healthCheckConfig is the one asked for",
  },
  {
    item: "13.3",
    promise: "a health Watch does not take the only stream",
    changes: [
      ["src/grpc/policy/connection/health-watch.ts", "if (limit < STREAMS_TO_SPARE) return", "if (limit < 1) return"],
      ["src/grpc/policy/connection/health-watch.ts", "if (running + 1 > limit * WATCHES_SHARE) return undefined;", ""],
    ],
    test: "test/grpc/balancing/health.test.ts",
    name: "a server that allows one stream at a time has it free for calls, as with grpc-js alone",
  },
  {
    item: "13.3",
    promise: "a probe does not wait for the only stream",
    changes: [
      [
        "src/grpc/policy/connection/probe.ts",
        "streamsLeft(subchannel) < 1 ? askConnection(subchannel, answered) : undefined;",
        "undefined;",
      ],
      [
        "src/grpc/policy/connection/probe.ts",
        "if (streamsLeft(subchannel) < 0) stopAsking = askConnection(subchannel, alive);",
        "",
      ],
    ],
    test: "test/grpc/balancing/health.test.ts",
    name: "a call that keeps the only stream busy is no sign of death",
  },
  {
    item: "13.4",
    promise: "a proxy is not asked for a bare client's registry target",
    changes: [["src/grpc/target-uri.ts", 'return target?.scheme === "dns" ? undefined : target;', "return undefined;"]],
    test: "test/grpc/calls/proxies.test.ts",
    name: "with https_proxy set, neither a registry's target nor its instances are asked of the proxy, as plain names are",
  },
  {
    item: "13.4",
    promise: "a proxy is not asked for discovered instances",
    changes: [["src/grpc/shield/resolvers.ts", "proxied ? pastProxy(options) : {}", "{}"]],
    test: "test/grpc/calls/proxies.test.ts",
    name: "with grpc_proxy set, neither a registry's target nor its instances are asked of the proxy, as plain names are",
  },
  {
    item: "13.4",
    promise: "a proxy is not asked for the dns:/// of createClient",
    changes: [["src/grpc/client/service-channel.ts", '"grpc.enable_http_proxy": 0,', ""]],
    test: "test/grpc/calls/proxies.test.ts",
    name: "a bare client's dns:/// is left to the proxy, as with plain grpc-js; createClient's is not",
  },
  {
    item: "13.5",
    promise: "the last known set survives idleness, for every backend",
    changes: [
      [
        "src/discovery/target-discovery.ts",
        "const known = await recall(this.#lastKnown, target);",
        "const known = undefined;",
      ],
    ],
    test: "test/grpc/calls/plugged-in-backends.test.ts",
    name: "a channel that was idle is served from the last known set while its registry is away",
  },
  {
    item: "13.5",
    promise: "what a registry has said is there for the next client of the process",
    changes: [["src/discovery/target-discovery.ts", "if (answered) keeper.keep(set);", ""]],
    test: "src/discovery/last-known.test.ts",
    name: "the last known set of a target is there for the next client of the process, for no other target",
  },
  {
    item: "13.6",
    promise: "wrong values in code are refused by name where the client is made",
    changes: [
      [
        "src/grpc/client/channel.ts",
        "new ServiceChannel(checkClientConfig(config), settings)",
        "new ServiceChannel(config, settings)",
      ],
    ],
    test: "test/grpc/calls/refused-settings.test.ts",
    name: "a value that cannot be obeyed is refused by its name where the client is made",
  },
  {
    item: "13.6",
    promise: "a bare client's service config is refused by field",
    changes: [
      [
        "src/grpc/service-config.ts",
        "const policy = own ? checked(policies) : POLICY;",
        "const policy = own ? Object.keys(policies[0]!)[0]! : POLICY;",
      ],
    ],
    test: "test/grpc/calls/refused-settings.test.ts",
    name: "a bare client's service config for p2c_ewma is refused by field",
  },
  {
    item: "13.6",
    promise: "unknown fields of p2c_ewma are refused",
    changes: [
      [
        "src/grpc/policy/policy-config.ts",
        "for (const field of Object.keys(json)) if (!known.includes(field)) throw unknown(policy, field, known);",
        "",
      ],
    ],
    test: "src/grpc/policy/policy-config.test.ts",
    name: "what cannot be obeyed is refused by name, unknown fields included",
  },
  {
    item: "13.6",
    promise: "wrong values in a file are refused by key, path and line",
    changes: [
      [
        "src/config/schema/rpc-client-config.ts",
        '.int({ error: "expected a number of instances, 0 for all" })',
        '.number({ error: "expected a number of instances, 0 for all" })',
      ],
    ],
    test: "src/config/accepted-files.test.ts",
    name: "a value of the wrong kind is refused by its key, path and line, quoted switches and numbers too",
  },
  {
    item: "13.7",
    promise: "a dial that nobody answers fails the calls that wait for it",
    changes: [
      [
        "src/grpc/policy/connection/limited-subchannel.ts",
        "const stopTimer = afterRead(CONNECT_MS, giveUp, timing);",
        "const stopTimer = () => {};",
      ],
    ],
    test: "test/grpc/balancing/silence.test.ts",
    name: "where nobody answers a dial, calls without a deadline fail with the reason; one that answers again is used",
  },
  {
    item: "13.7",
    promise: "a connection counts as failing until a dial succeeds",
    changes: [
      [
        "src/membership/channel-state.ts",
        'if (state.is === "closed" || (state.is === "connecting" && state.failure !== undefined)) return "failing";',
        'if (state.is === "closed") return "failing";',
      ],
    ],
    test: "src/membership/membership.test.ts",
    name: "calls fail once all dials have failed, until one succeeds; a loss asks for a fresh answer",
  },
  {
    item: "13.8",
    promise: "a health Watch holds no process",
    changes: [["src/grpc/policy/connection/health-watch.ts", "else letProcessEnd(subchannel, call);", ""]],
    test: "test/grpc/calls/process.test.ts",
    name: "a client that is never closed does not hold the process once no call runs, as with grpc-js alone",
  },
  {
    item: "13.8",
    promise: "a watch of etcd holds no process",
    changes: [
      ["src/etcd-client/rpc/connect.ts", "    socket.unref();", ""],
      ["src/etcd-client/rpc/connect.ts", "      session.unref();", ""],
    ],
    test: "test/etcd/background.test.ts",
    name: "a watch in the background that is never closed does not keep the process alive",
  },
  {
    item: "13.8",
    promise: "background sleeps hold no process",
    changes: [["src/async/backoff.ts", "if (unref) timer.unref();", ""]],
    test: "test/etcd/background.test.ts",
    name: "a watch in the background that is never closed does not keep the process alive",
  },
  {
    item: "13.8",
    promise: "a server's process ends after stop()",
    changes: [
      [
        "src/lifecycle/kept-registration.ts",
        "if (await endsWithin(this.removed(), limitMs)) return;",
        "if (await this.removed().then(() => true)) return;",
      ],
    ],
    test: "test/lifecycle/process.test.ts",
    name: "a server's process ends by itself after stop(), with a registry that is stuck",
  },
  {
    item: "13.9",
    promise: "a deadline that the server enforces first is DEADLINE_EXCEEDED for the caller and the balancer",
    changes: [["src/grpc/policy/connection/observed-subchannel.ts", "farEnding(end, this.#sent!, elapsedMs)", "end"]],
    test: "test/grpc/calls/far-deadline.test.ts",
    name: "a deadline that the server enforces first is DEADLINE_EXCEEDED for the caller and the balancer, of bare clients too",
  },
  {
    item: "13.9",
    promise: "a moment before the deadline counts as the deadline",
    changes: [
      ["src/grpc/policy/connection/far-ending.ts", "elapsedMs >= timeoutMs - TOLERANCE_MS", "elapsedMs >= timeoutMs"],
    ],
    test: "src/grpc/policy/connection/far-ending.test.ts",
    name: "CANCELLED by the server at the deadline or after it is DEADLINE_EXCEEDED",
  },
  {
    item: "13.10",
    promise: "a bare client's scheme may be written with capitals and spaces",
    changes: [["src/grpc/target-uri.ts", "scheme: written.toLowerCase()", "scheme: written"]],
    test: "test/grpc/calls/refused-settings.test.ts",
    name: "a scheme's capitals and spaces around a target do not matter",
  },
  {
    item: "13.10",
    promise: "a target is normalised before grpc-js sees it",
    changes: [["src/config/schema/client-target.ts", "url: canonicalUrl(Target)", "url: Target"]],
    test: "test/grpc/calls/refused-settings.test.ts",
    name: "a scheme's capitals and spaces around a target do not matter",
  },
  {
    item: "13.10",
    promise: "an unknown scheme is refused by its name",
    changes: [["src/target/forms.ts", "if (form) return form;", "return form ?? hostsAndKey(scheme);"]],
    test: "test/grpc/calls/refused-settings.test.ts",
    name: "a scheme that no backend has is refused by its name, where the client is made",
  },
  {
    item: "13.11",
    promise: "a server in a worker thread says that it gets no signals",
    changes: [["src/lifecycle/signals.ts", "if (!isMainThread) {", "if (false) {"]],
    test: "test/lifecycle/process.test.ts",
    name: "in a worker thread, which gets no signals, a server says so where it starts",
  },
  {
    item: "13.12",
    promise: "what a call sets going runs in nobody's context and nobody's span",
    changes: [["src/async/detached.ts", "return outside.runInAsyncScope(work);", "return work();"]],
    test: "test/grpc/calls/background.test.ts",
    name: "what a request's first call sets going runs in nobody's AsyncLocalStorage context and nobody's span",
  },
  {
    item: "13.12",
    promise: "a discovery runs in nobody's context",
    changes: [
      [
        "src/discovery/target-discovery.ts",
        "detached(() => run.retries.run(run.abort.signal, follow, failed))",
        "run.retries.run(run.abort.signal, follow, failed)",
      ],
    ],
    test: "src/discovery/target-discovery.test.ts",
    name: "a discovery runs in nobody's asynchronous context",
  },
  {
    item: "13.12",
    promise: "background loops run in nobody's context",
    changes: [
      ["src/async/supervise.ts", "return detached(async () => {", "return (async (run) => run())(async () => {"],
    ],
    test: "test/etcd/background.test.ts",
    name: "what goes on in the background runs in nobody's AsyncLocalStorage context, whoever happened to begin it",
  },
  {
    item: "13.13",
    promise: "CANCELLED by the far side counts against the instance",
    changes: [["src/balancer/outcome.ts", "if (code === CANCELLED && byFarSide) return CANCELLED_BY_FAR_SIDE;", ""]],
    test: "src/balancer/outcome.test.ts",
    name: "CANCELLED counts against an instance that ended the call itself; who ended it changes nothing else",
  },
  {
    item: "13.13",
    promise: "a stream that the far side resets is no cancel of the caller's",
    changes: [["src/grpc/policy/connection/observed-subchannel.ts", "this.endedByFarSide = true;", ""]],
    test: "test/grpc/calls/far-deadline.test.ts",
    name: "CANCELLED counts against an instance that reset the call, not against one that its caller or a hedge gave up",
  },
  {
    item: "13.13",
    promise: "a cancel of the caller's or of a hedge is none of the far side's",
    changes: [
      [
        "src/grpc/policy/picked-call.ts",
        "outcomeOf(code, this.#call?.endedByFarSide,",
        "outcomeOf(code, this.#call !== undefined,",
      ],
    ],
    test: "test/grpc/calls/far-deadline.test.ts",
    name: "CANCELLED counts against an instance that reset the call, not against one that its caller or a hedge gave up",
  },
];
