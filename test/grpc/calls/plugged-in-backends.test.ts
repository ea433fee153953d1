import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { after, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { Latest } from "../../../src/async/latest.js";
import {
  type Backend,
  createClient,
  createServer,
  type Instance,
  type Registration,
  registerBackend,
  type Target,
} from "../../../src/index.js";
import { EchoClient, EchoService, echoHandlers, say, startBareEcho } from "../../support/echo.js";
import { until } from "../../support/until.js";

const open: (() => unknown)[] = [];
after(() => Promise.all(open.map((close) => close())));

/** A backend with URLs of its own form, `<scheme>:datacenter!service`, and what was asked of it. */
function counting(instances: readonly Instance[] = []) {
  const asked: { discoveries: Target[]; registrars: Target[]; loads: number } = {
    discoveries: [],
    registrars: [],
    loads: 0,
  };
  const registered: string[] = [];
  const backend: Backend = {
    parse({ path }) {
      const [datacenter, service] = path.split("!");
      if (!service) throw new TypeError("it has no service after the !");
      return { hosts: [datacenter!], service, params: {} };
    },
    discovery(target) {
      asked.discoveries.push(target);
      return {
        watch(_service, { signal }) {
          const sets = new Latest<readonly Instance[]>(signal);
          sets.set(instances);
          return sets;
        },
      };
    },
    registrar(target) {
      asked.registrars.push(target);
      return {
        async register(service, instance) {
          registered.push(`${service}=${instance.address}`);
          const registration = new EventEmitter<{ lost: [Error]; restored: [] }>();
          return Object.assign(registration, { listed: true, deregister: async () => {} }) as Registration;
        },
      };
    },
  };
  const load = async () => {
    asked.loads += 1;
    return backend;
  };
  return { asked, registered, backend, load };
}

test("a lazily loaded backend reads its URLs by its own parse: in createClient, createServer and bare clients", async () => {
  const echo = await startBareEcho();
  open.push(echo.stop);
  const { asked, registered, load } = counting([{ address: echo.address }]);
  registerBackend("lazy-parse", load);
  const target = { scheme: "lazy-parse", hosts: ["eu"], service: "order", params: {} };

  const made = createClient(EchoClient, { Target: "lazy-parse:eu!order" });
  open.push(() => made.close());
  assert.equal((await say(made)).instance, echo.address);
  const bare = new EchoClient("lazy-parse:eu!order", grpc.credentials.createInsecure());
  open.push(() => bare.close());
  assert.equal((await say(bare)).instance, echo.address);
  assert.deepEqual(asked.discoveries, [target, target]);

  const build = (server: grpc.Server) =>
    server.addService(
      EchoService,
      echoHandlers(() => "lazy"),
    );
  const server = createServer({ Name: "lazy", ListenOn: "127.0.0.1:0" }, build, {
    registry: "lazy-parse:eu!order",
    signals: false,
  });
  await server.start();
  open.push(() => server.stop());
  assert.deepEqual(registered, [`order=${server.address}`]);
  assert.deepEqual(asked.registrars, [target]);
});

test("a URL that a lazily loaded backend refuses fails calls and start() with its words", async () => {
  const { load } = counting();
  registerBackend("lazy-refusing", load);
  const message = /"lazy-refusing:.*eu" is not a target: it has no service after the !/;
  const client = createClient(EchoClient, { Target: "lazy-refusing:eu" });
  open.push(() => client.close());
  await assert.rejects(say(client), message);
  const server = createServer({ Name: "lazy", ListenOn: "127.0.0.1:0" }, () => {}, {
    registry: "lazy-refusing:eu",
    signals: false,
  });
  await assert.rejects(server.start(), message);
});

test("a lazily loaded backend without a parse is read by the usual forms, and one with a form is not loaded for it", async () => {
  const echo = await startBareEcho();
  open.push(echo.stop);
  const usual = counting([{ address: echo.address }]);
  registerBackend("lazy-usual", async () => ({ discovery: usual.backend.discovery! }));
  const client = createClient(EchoClient, { Target: "lazy-usual:///h:1?key=order" });
  open.push(() => client.close());
  assert.equal((await say(client)).instance, echo.address);
  assert.deepEqual(usual.asked.discoveries, [{ scheme: "lazy-usual", hosts: ["h:1"], service: "order", params: {} }]);

  const formed = counting();
  registerBackend("lazy-formed", formed.load, { expected: "lazy-formed:dc!service", parse: formed.backend.parse! });
  assert.throws(
    () => createClient(EchoClient, { Target: "lazy-formed:eu" }),
    /no service after the !; expected lazy-f/,
  );
  assert.equal(formed.asked.loads, 0);
});

test("discovery() is called once a channel, however often that goes idle, and registrar() once a server", async () => {
  const echo = await startBareEcho();
  open.push(echo.stop);
  const { asked, backend, registered } = counting([{ address: echo.address }]);
  registerBackend("counted", backend);
  const client = new EchoClient("counted:eu!order", grpc.credentials.createInsecure(), {
    "grpc.client_idle_timeout_ms": 1_000,
  });
  open.push(() => client.close());
  for (let round = 0; round < 2; round++) {
    await say(client);
    const idle = () => client.getChannel().getConnectivityState(false) === grpc.connectivityState.IDLE;
    await until(idle, "the channel is idle");
  }
  assert.equal(asked.discoveries.length, 1);

  const server = createServer({ Name: "counted", ListenOn: "127.0.0.1:0" }, () => {}, {
    registry: "counted:eu!order",
    signals: false,
  });
  await server.start();
  open.push(() => server.stop());
  await server.pause();
  await server.resume();
  assert.equal(registered.length, 2);
  assert.equal(asked.registrars.length, 1);
});

test("a channel that was idle is served from the last known set while its registry is away", async () => {
  const echo = await startBareEcho();
  open.push(echo.stop);
  let away = false;
  registerBackend("going-away", {
    discovery: () => ({
      watch(_service, { signal, onTrouble }) {
        const sets = new Latest<readonly Instance[]>(signal);
        if (away) queueMicrotask(() => onTrouble?.(new Error("connection refused")));
        else sets.set([{ address: echo.address }]);
        return sets;
      },
    }),
  });
  const make = () => {
    const client = new EchoClient("going-away:///h:1?key=order", grpc.credentials.createInsecure(), {
      "grpc.client_idle_timeout_ms": 1_000,
    });
    open.push(() => client.close());
    return client;
  };
  const client = make();
  await say(client);
  const channel = client.getChannel();
  await until(() => channel.getConnectivityState(false) === grpc.connectivityState.IDLE, "the channel is idle");
  away = true;
  assert.equal((await say(client, {}, { deadline: Date.now() + 20_000 })).instance, echo.address);
  const other = make();
  assert.equal((await say(other, {}, { deadline: Date.now() + 20_000 })).instance, echo.address, "so is a new client");
});
