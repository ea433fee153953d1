import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { getEventListeners } from "node:events";
import { after, before, test } from "node:test";
import { EtcdDiscovery, EtcdRegistrar } from "../../src/backends/etcd/index.js";
import { type DevRegistry, startDevRegistry } from "../../src/dev-registry/index.js";
import { runToEnd } from "../support/run-to-end.js";
import { until } from "../support/until.js";
import { Follower } from "./follower.js";
import { TcpProxy } from "./tcp-proxy.js";

const PROGRAM = new URL("./unheld-program.ts", import.meta.url).pathname;
const NOBODY = "127.0.0.1:1";
let registry: DevRegistry;
before(async () => {
  registry = await startDevRegistry();
});
after(() => registry.close());

const run = (host: string, what: string) => runToEnd(PROGRAM, [host, what]);

test("a watch in the background that is never closed does not keep the process alive, whether etcd is there or not", async () => {
  assert.deepEqual(await run(registry.endpoint, "watch"), { code: 0, lines: ["set 0", "idle"] });
  assert.deepEqual(await run(NOBODY, "watch"), { code: 0, lines: ["idle"] });
});

test("what somebody awaits keeps the process alive until it is done", async () => {
  assert.deepEqual(await run(registry.endpoint, "list"), { code: 0, lines: ["listed 0", "idle"] });
  assert.deepEqual(await run(NOBODY, "list"), { code: 0, lines: ["not listed", "idle"] });
  assert.deepEqual(await run(registry.endpoint, "register"), { code: 0, lines: ["registered true", "idle"] });
  assert.deepEqual(await run(NOBODY, "register"), { code: 0, lines: ["registered false", "idle"] });
});

test("what goes on in the background runs in nobody's AsyncLocalStorage context, whoever happened to begin it", async () => {
  await using proxy = await TcpProxy.start(registry.endpoint);
  const request = new AsyncLocalStorage<string>();
  const seen = new Set<string | undefined>();
  const abort = new AbortController();
  const discovery = new EtcdDiscovery({ hosts: [proxy.endpoint] });
  const troubles: (Error | undefined)[] = [];
  const options = {
    signal: abort.signal,
    onTrouble: (trouble: Error | undefined) => {
      troubles.push(trouble);
      seen.add(request.getStore());
    },
  };
  let sets = 0;
  const reading = request.run("a request", async () => {
    for await (const _ of discovery.watch("context.rpc", options)) sets += 1;
  });
  await until(() => sets === 1, "the first set");
  proxy.refuse();
  await until(() => troubles.at(-1) !== undefined, "the outage is told");
  proxy.forward();
  await until(() => troubles.at(-1) === undefined, "its end is told");
  abort.abort();
  await reading;
  assert.deepEqual([...seen], [undefined]);
});

test("outages leave one connection to etcd, and closing leaves none", async () => {
  await using proxy = await TcpProxy.start(registry.endpoint);
  {
    await using follower = new Follower(new EtcdDiscovery({ hosts: [proxy.endpoint] }), "outage.rpc");
    await follower.until(() => true);
    for (const fault of ["refuse", "swallow", "refuse"] as const) {
      proxy[fault]();
      if (fault === "swallow") {
        // Half-open: the connection looks alive, and so do those that are dialled meanwhile.
        await until(() => proxy.connections > 0, "a connection is there");
      } else await follower.untilTrouble((trouble) => trouble !== undefined);
      proxy.forward();
      await follower.untilTrouble((trouble) => trouble === undefined);
      await until(() => proxy.connections === 1, "one connection");
    }
  }
  await until(() => proxy.connections === 0, "no connection");
});

test("while etcd is there and silent, each connection that is given up is closed: never more than one is open", async () => {
  await using proxy = await TcpProxy.start(registry.endpoint);
  await using follower = new Follower(new EtcdDiscovery({ hosts: [proxy.endpoint] }), "silent.rpc");
  await follower.until(() => true);
  proxy.swallow();
  await follower.untilTrouble((trouble) => trouble !== undefined);
  const before = proxy.accepted;
  await until(() => proxy.accepted >= before + 2, "two more are dialled, one after the other");
  await until(() => proxy.connections <= 1, "those before are closed");
});

test("watches left by break and ten watches of one signal leave no listener and warn of nothing", async (t) => {
  const warnings: Error[] = [];
  const warn = (warning: Error) => void warnings.push(warning);
  process.on("warning", warn);
  t.after(() => process.off("warning", warn));
  const abort = new AbortController();
  const discovery = new EtcdDiscovery({ hosts: [registry.endpoint] });
  for (let i = 0; i < 3; i++) for await (const _ of discovery.watch("left.rpc", { signal: abort.signal })) break;
  assert.equal(getEventListeners(abort.signal, "abort").length, 0);
  const iterators = Array.from({ length: 20 }, (_, i) =>
    discovery.watch(`left-${i}.rpc`, { signal: abort.signal })[Symbol.asyncIterator](),
  );
  await Promise.all(iterators.map((iterator) => iterator.next()));
  const registrar = new EtcdRegistrar({ hosts: [registry.endpoint] });
  const registrations = await Promise.all(
    Array.from({ length: 15 }, (_, i) =>
      registrar.register(`left-${i}.rpc`, { address: "10.0.0.1:80" }, { signal: abort.signal }),
    ),
  );
  await Promise.all(registrations.map((registration) => registration.deregister()));
  abort.abort();
  await Promise.all(iterators.map((iterator) => iterator.next()));
  await new Promise(setImmediate);
  assert.deepEqual(
    warnings.filter(({ name }) => name === "MaxListenersExceededWarning"),
    [],
  );
});
