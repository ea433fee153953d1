// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pieces of sources.
/** One fault, one victim. */
export const oneVictim = [
  {
    item: "13.14",
    promise: "the further pages of a listing are of the first one's revision",
    changes: [
      [
        "src/etcd-client/watch/range-reader.ts",
        "RangeRequest.fromPartial({ ...range, revision, limit: BigInt(limit) })",
        "RangeRequest.fromPartial({ ...range, limit: BigInt(limit) })",
      ],
    ],
    test: "src/etcd-client/watch/range-reader.test.ts",
    name: "a range of many keys is read page by page at one revision, whole and in order",
  },
  {
    item: "13.14",
    promise: "a batch that fails is read again one by one",
    changes: [
      [
        "src/etcd-client/watch/range-reader.ts",
        "if (isLost(error)) for (const { reject } of asked) reject(error as Error);",
        "if (error) for (const { reject } of asked) reject(error as Error);",
      ],
    ],
    test: "src/etcd-client/watch/range-reader.test.ts",
    name: "a call for several ranges that fails is repeated for each by itself, unless the connection is lost",
  },
  {
    item: "13.14",
    promise: "a page that is too long is asked for in smaller pieces",
    changes: [["src/etcd-client/watch/range-reader.ts", "if (!isTooLong(error)) throw error;", "throw error;"]],
    test: "src/etcd-client/watch/range-reader.test.ts",
    name: "a range of large values keeps no other from being read, and is read in pieces that fit",
  },
  {
    item: "13.14",
    promise: "an answer that keeps arriving is not late",
    changes: [["src/etcd-client/rpc/one-answer.ts", "() => call.heardBytes,", "() => 0,"]],
    test: "src/etcd-client/session.test.ts",
    name: "an answer that keeps arriving may take much longer than the limit; the limit is one of silence",
  },
  {
    item: "13.14",
    promise: "a slow answer drops no shared session while others are heard on it",
    changes: [["src/etcd-client/etcd-session.ts", "if (this.heard === heard) this.drop(", "this.drop("]],
    test: "src/etcd-client/session.test.ts",
    name: "a slow answer drops no session over which others are heard",
  },
  {
    item: "13.14",
    promise: "a listing that fails is reported as trouble",
    changes: [["src/etcd-client/watch/watch-stream.ts", "if (!passing) this.#report(watched, error as Error);", ""]],
    test: "src/etcd-client/watch/watch-stream.test.ts",
    name: "a range that cannot be read is told with each reason once, and is read as soon as it can be; others are not touched",
  },
  {
    item: "13.14",
    promise: "a listing that takes long is told",
    changes: [
      [
        "src/etcd-client/watch/watch-stream.ts",
        "setTimeout(() => this.#report(watched, this.#failure(Status.UNAVAILABLE, SLOW_LISTING)), SLOW_MS)",
        "setTimeout(() => {}, SLOW_MS)",
      ],
    ],
    test: "src/etcd-client/watch/watch-stream.test.ts",
    name: "a reading that takes long is told while it goes on, and so is its end",
  },
  {
    item: "13.15",
    promise: "a token is asked for once, however many need it",
    changes: [["src/etcd-client/tokens.ts", "if (this.#token !== refused) return Promise.resolve();", ""]],
    test: "src/etcd-client/tokens.test.ts",
    name: "a token is asked for once, however many need it, and again only when it was refused",
  },
  {
    item: "13.15",
    promise: "a token outlives its session",
    changes: [
      [
        "src/etcd-client/etcd-session.ts",
        "if (this.#options.settings.user !== undefined && this.#options.tokens.current === undefined) {\n        await this.#renew(undefined);",
        "if (this.#options.settings.user !== undefined) {\n        await this.#renew(this.#options.tokens.current);",
      ],
    ],
    test: "src/etcd-client/session.test.ts",
    name: "a token outlives its session, serves other hosts, and is replaced only when it is refused",
  },
  {
    item: "13.15",
    promise: "a log-in that is not answered is given more time",
    changes: [
      [
        "src/etcd-client/tokens.ts",
        "Math.min(LONGEST_LIMIT_MS, FIRST_LIMIT_MS * 2 ** Math.min(this.#failures, 10))",
        "FIRST_LIMIT_MS",
      ],
    ],
    test: "src/etcd-client/tokens.test.ts",
    name: "log-ins that are not answered are given more time, and are tried ever more seldom, up to a minute",
  },
  {
    item: "13.15",
    promise: "log-ins that are not answered are tried again with full jitter",
    changes: [["src/etcd-client/tokens.ts", 'maxMs: LONGEST_WAIT_MS, jitter: "full" }', "maxMs: LONGEST_WAIT_MS }"]],
    test: "src/etcd-client/tokens.test.ts",
    name: "a fleet whose log-ins are not answered comes again spread over the whole wait, not all of it at its end",
  },
  {
    item: "13.15",
    promise: "a wrong password is tried again slowly",
    changes: [["src/etcd-client/tokens.ts", "isPasswordWrong(error) ? this.#wrong : this.#busy", "this.#busy"]],
    test: "src/etcd-client/tokens.test.ts",
    name: "a wrong password is tried again slowly; meanwhile whoever asks is told at once and etcd is not asked",
  },
  {
    item: "13.16",
    promise: "a log line that cannot be written is lost, and no more",
    changes: [
      [
        "src/log.ts",
        "for (let rest = Buffer.from(`${line}\\n`); rest.length > 0; ) rest = rest.subarray(writeSync(FD, rest));",
        "process.stderr.write(`${line}\\n`);",
      ],
    ],
    test: "src/log.test.ts",
    name: "a log line that cannot be written is lost, and the process goes on: a full disk",
  },
  {
    item: "13.16",
    promise: "the application's logger may throw",
    changes: [
      [
        "src/log.ts",
        `  try {
    const answer: unknown = logger[at](presentable(facts), shown);
    if (answer instanceof Promise) answer.catch((error) => reportLogger(logger, error));
  } catch (error) {
    reportLogger(logger, error);
  }
`,
        "  logger[at](presentable(facts), shown);\n",
      ],
    ],
    test: "src/log.test.ts",
    name: "a logger that throws or rejects disturbs nobody, and is named once",
  },
  {
    item: "13.16",
    promise: "the application's listeners may throw",
    changes: [["src/log.ts", "if (answer instanceof Promise) answer.catch(report);", ""]],
    test: "src/log.test.ts",
    name: "a listener of the application's that throws or rejects is told and goes no further",
  },
  {
    item: "13.16",
    promise: "listeners of a registration may throw",
    changes: [
      [
        "src/backends/etcd/registration/etcd-registration.ts",
        'callListener("a listener of a registration", () => this.emit("lost", why));',
        'this.emit("lost", why);',
      ],
    ],
    test: "test/etcd/reasons.test.ts",
    name: "listeners of a registration that throw are told, and disturb neither it nor the process",
  },
  {
    item: "13.16",
    promise: "observers of a watch may throw",
    changes: [
      [
        "src/etcd-client/watch/watched-range.ts",
        'callListener("the observer of a watch", () => this.#observer.changed(change, this.view));',
        "this.#observer.changed(change, this.view);",
      ],
    ],
    test: "src/etcd-client/watch/watch-stream.test.ts",
    name: "an observer that throws ends neither its own watch nor another's",
  },
  {
    item: "13.16",
    promise: "a background loop that throws is reported and started again",
    changes: [["src/async/supervise.ts", "await backoff.wait(signal);", "return;"]],
    test: "src/async/supervise.test.ts",
    name: "a background loop that throws is reported and started again; one that returns is done",
  },
  {
    item: "13.16",
    promise: "many bad values are one line a minute",
    changes: [
      [
        "src/backends/etcd/discovery/skipped-values.ts",
        "this.#told < FEW ? 0 : Math.max(0, this.#since + SAY_EVERY_MS - performance.now())",
        "0",
      ],
    ],
    test: "src/backends/etcd/discovery/skipped-values.test.ts",
    name: "50,000 values that are no instances are one line a minute, with keys and lengths",
  },
  {
    item: "13.17",
    promise: "many keys of one address cost no more than as many addresses",
    changes: [
      ["src/backends/etcd/discovery/service-set.ts", "this.#changed.add(before);", "this.#refresh(before);"],
      [
        "src/backends/etcd/discovery/service-set.ts",
        "    else this.#idsOf.set(now, new Set([id]));\n    this.#changed.add(now);",
        "    else this.#idsOf.set(now, new Set([id]));\n    this.#refresh(now);",
      ],
    ],
    test: "src/backends/etcd/discovery/service-set.test.ts",
    name: "many keys of one address cost about as much as as many addresses",
  },
  {
    item: "13.17",
    promise: "ls says many keys of one address in one line",
    changes: [["src/cli/ls/rows.ts", "if (group.length <= MOST_KEYS_OF_ONE) return group;", "return group;"]],
    test: "test/cli/ls.test.ts",
    name: "many leases are listed without a warning of Node's, and many keys of one address as one line",
  },
  {
    item: "13.18",
    promise: "one service's silent names delay no other's",
    changes: [["src/host-names/lookup-queue.ts", "const OF_ONE_OWNER = 64;", "const OF_ONE_OWNER = AT_ONCE;"]],
    test: "src/host-names/lookup-queue.test.ts",
    name: "300 silent names of one service delay no name of another",
  },
  {
    item: "13.18",
    promise: "places go round between services",
    changes: [
      [
        "src/host-names/lookup-queue.ts",
        "wants(owner) && !(next && next.running <= owner.running)",
        "wants(owner) && !next",
      ],
    ],
    test: "src/host-names/lookup-queue.test.ts",
    name: "places go round between services, however many names each of them has",
  },
  {
    item: "13.18",
    promise: "names that failed come last",
    changes: [
      [
        "src/host-names/lookup-queue.ts",
        "(failing ? owner.waitingFailing : owner.waiting).push(resolve)",
        "owner.waiting.push(resolve)",
      ],
    ],
    test: "src/host-names/lookup-queue.test.ts",
    name: "names that failed last time come after those that may answer, and never take all places",
  },
  {
    item: "13.19",
    promise: "stop() is bounded whatever a registry does",
    changes: [
      [
        "src/lifecycle/kept-registration.ts",
        "if (await endsWithin(this.removed(), limitMs)) return;",
        "if (await this.removed().then(() => true)) return;",
      ],
    ],
    test: "src/lifecycle/server-life-faults.test.ts",
    name: "stop() ends whatever hangs: deregister, health, close, kill",
  },
  {
    item: "13.19",
    promise: "stop() is bounded whatever close() does",
    changes: [
      [
        "src/lifecycle/life-work.ts",
        '(await endsWithin(closed, this.#leftMs())) ? "closed" : "timeUp"',
        '(await closed.then(() => true)) ? "closed" : "timeUp"',
      ],
    ],
    test: "src/lifecycle/server-life-faults.test.ts",
    name: "what has not ended in time is killed",
  },
  {
    item: "13.19",
    promise: "a register that never answers keeps neither start() nor stop()",
    changes: [
      [
        "src/lifecycle/kept-registration.ts",
        "if (await endsWithin(abortable(this.#registered, signal), limitMs)) return;",
        "if (await abortable(this.#registered, signal).then(() => true)) return;",
      ],
    ],
    test: "src/lifecycle/server-life-faults.test.ts",
    name: "a register that never answers keeps neither start() nor stop(), and is taken out when it answers after all",
  },
  {
    item: "13.19",
    promise: "an etcd that does not answer does not hold up the end",
    changes: [
      [
        "src/backends/etcd/registration/removal.ts",
        "const stopTimer = afterRead(REMOVAL_LIMIT_MS, late, awaitedTiming);",
        "const stopTimer = () => {};",
      ],
    ],
    test: "test/etcd/faults.test.ts",
    name: "a registry that is down does not hold up the end",
  },
  {
    item: "13.20",
    promise: "a number from outside never overflows a timer",
    changes: [["src/async/backoff.ts", "Math.min(ms, LONGEST_TIMER_MS)", "ms"]],
    test: "src/async/backoff.test.ts",
    name: "a timer is safe at any number from outside",
  },
  {
    item: "13.20",
    promise: "nor a timer of a connection",
    changes: [["src/async/timing.ts", "setTimeout(run, timerMs(Math.ceil(ms) + 1))", "setTimeout(run, ms)"]],
    test: "src/async/timing.test.ts",
    name: "the system's timers are safe at any number: none fires before its time, and what is no time is none",
  },
  {
    item: "13.20",
    promise: "nor a limit of a start or a stop",
    changes: [["src/async/timing.ts", "timerMs(Math.ceil(ms) + 1)", "ms"]],
    test: "src/async/time-limit.test.ts",
    name: "a limit is safe at any number: a long one is not over at once, and what is no time is over",
  },
  {
    item: "13.20",
    promise: "Retry-After may be a date",
    changes: [
      [
        "src/backends/kubernetes/retry-after.ts",
        "/^\\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now",
        "Number(text) * 1_000",
      ],
    ],
    test: "src/backends/kubernetes/retry-after.test.ts",
    name: "Retry-After is read as seconds or as a date; nonsense and the past ask for nothing",
  },
  {
    item: "13.20",
    promise: "a wait that a server asks for has a ceiling",
    changes: [
      [
        "src/backends/kubernetes/retry-after.ts",
        "askedMs > 0 ? Math.min(askedMs, LONGEST_MS) : 0",
        "askedMs > 0 ? askedMs : 0",
      ],
    ],
    test: "src/backends/kubernetes/retry-after.test.ts",
    name: "a wait that a server asks for has a ceiling and is spread, whatever the number",
  },
  {
    item: "13.20",
    promise: "the pace of pings has a ceiling",
    changes: [["src/etcd-client/rpc/ping-pace.ts", "Math.min(SLOWEST_MS, tooOften * 2)", "tooOften * 2"]],
    test: "src/etcd-client/rpc/ping-pace.test.ts",
    name: "pings slow down at every complaint, to a ceiling that Go servers allow, and recover step by step",
  },
  {
    item: "13.20",
    promise: "the pace of pings recovers",
    changes: [
      ["src/etcd-client/rpc/ping-pace.ts", "Math.max(this.#fastestMs, this.#intervalMs / 2)", "this.#intervalMs"],
    ],
    test: "src/etcd-client/rpc/ping-pace.test.ts",
    name: "pings slow down at every complaint, to a ceiling that Go servers allow, and recover step by step",
  },
  {
    item: "13.21",
    promise: "a client connects to a part of very many instances, and says so",
    changes: [["src/membership/choice.ts", "size === 0 ? MOST_INSTANCES : undefined", "undefined"]],
    test: "test/grpc/balancing/many.test.ts",
    name: "of 1,500 instances a client connects to 500, dials them in turns, and says so; calls work meanwhile",
  },
  {
    item: "13.21",
    promise: "so many connections are dialled at a time",
    changes: [
      [
        "src/membership/connection/dial-limit.ts",
        "if (this.#free > 0) start();\n    else this.#waiting.add(start);",
        "start();",
      ],
    ],
    test: "src/membership/connection/dial-limit.test.ts",
    name: "so many are dialled at a time, and each that is over lets in another",
  },
  {
    item: "13.21",
    promise: "dead hosts hold up nobody",
    changes: [
      [
        "src/membership/connection/dial-limit.ts",
        "      stopTimer = this.#timing.after(SLOW_DIAL_MS, () => leave());\n",
        "",
      ],
    ],
    test: "src/membership/connection/dial-limit.test.ts",
    name: "hosts that do not answer hold up nobody: a slow dial gives its place away",
  },
  {
    item: "13.21",
    promise: "that instances are left out is said once",
    changes: [
      [
        "src/membership/announcements.ts",
        "if (this.#limited === 0 || before > 0) return;",
        "if (this.#limited === 0) return;",
      ],
    ],
    test: "src/membership/membership.test.ts",
    name: "more instances than a client connects to by itself: it takes a part of them and says so once",
  },
];
