import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { connect, createServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { registerBackend } from "../backends/table.js";
import type { Instance } from "../instance.js";
import { setLogger, setLogLevel } from "../log.js";
import type { Registration } from "../registry.js";
import { failingOs } from "../testing/failing-os.js";
import type { InstanceToRegister } from "./instance-to-register.js";
import { type RegisterOptions, registerInstance } from "./register-instance.js";

const listed: Instance[] = [];
registerBackend("book", {
  registrar: () => ({
    async register(service, instance): Promise<Registration> {
      if (service === "refused") throw new Error("no such tenant");
      listed.push(instance);
      return Object.assign(new EventEmitter<{ lost: [Error]; restored: [] }>(), {
        listed: true,
        deregister: async () => void listed.splice(listed.indexOf(instance), 1),
      });
    },
  }),
});
const url = "book:///127.0.0.1:1?key=order.rpc";

test("a server made by anything is listed with its facts until it stops", async () => {
  const instance = { address: "10.0.0.7:8080", weight: 2, zone: "a", metadata: { version: "7" } };
  const registered = await registerInstance(url, instance, { drainMs: 0 });
  assert.deepEqual([registered.address, listed], ["10.0.0.7:8080", [instance]]);
  await registered.pause();
  assert.deepEqual(listed, []);
  await registered.resume();
  assert.deepEqual(listed, [instance]);
  await registered.stop();
  assert.deepEqual(listed, []);
});

test("of a port alone the address is this machine's, and Advertise's forms may choose it", async () => {
  const registered = await registerInstance(url, { port: 8080, advertise: "127.0.0.0/8" }, { drainMs: 0 });
  assert.equal(registered.address, "127.0.0.1:8080");
  await registered.stop();
});

test("where a sandbox shows no program the machine's addresses, one that is named is listed, and else that is asked for", async (t) => {
  failingOs(t, "networkInterfaces");
  const registered = await registerInstance(url, { port: 8080, advertise: "10.0.0.7" }, { drainMs: 0 });
  assert.equal(registered.address, "10.0.0.7:8080");
  await registered.stop();
  await assert.rejects(registerInstance(url, { port: 8080 }), /no network address to register; set Advertise/);
});

test("what cannot be obeyed is refused by name, and nothing is listed", async () => {
  for (const [instance, options, why] of [
    [{ port: 0 }, {}, /port is 0; expected .* register it after it listens/],
    [{ port: 8080.5 }, {}, /port is 8080\.5/],
    [{ port: "8080" }, {}, /port is "8080"/],
    [{}, {}, /port is undefined/],
    [{ address: "10.0.0.1" }, {}, /"10\.0\.0\.1" is not an address: it has no port/],
    [{ address: "0.0.0.0:80" }, {}, /address is "0\.0\.0\.0:80"; expected one that others can reach/],
    [{ address: "10.0.0.1:80", port: 80 }, {}, /either port or address/],
    [{ port: 80, advertise: "eth77" }, {}, /Advertise is "eth77": no interface has this name/],
    [{ address: "a:1", weight: 0 }, {}, /weight is 0; expected a number above 0/],
    [{ address: "a:1", weight: Number.NaN }, {}, /weight is/],
    [{ address: "a:1", weight: "2" }, {}, /weight is "2"/],
    [{ address: "a:1", zone: 7 }, {}, /zone is 7; expected a text/],
    [{ address: "a:1", metadata: { version: 7 } }, {}, /metadata is .*; expected names with texts/],
    [{ address: "a:1", metadata: ["1.2.3"] }, {}, /metadata is a list; expected names with texts/],
    [{ address: "a:1", metadata: "1.2.3" }, {}, /metadata is "1\.2\.3"; expected names with texts/],
    [{ address: 80 }, {}, /address is 80; expected a text/],
    [{ port: 80, host: 0 }, {}, /host is 0; expected a text/],
    [{ port: 80, weigth: 2 }, {}, /an instance has no option "weigth": did you mean weight\?/],
    [null, {}, /an instance takes its options by name, .*, not null/],
    [8080, {}, /an instance takes its options by name, .*, not 8080/],
    [{ address: "a:1" }, null, /a registration takes its options by name, .*, not null/],
    [{ address: "a:1" }, { drainms: 0 }, /a registration has no option "drainms": did you mean drainMs\?/],
    [{ address: "a:1" }, { close() {}, signals: "no" }, /signals is "no"; expected true or false/],
    [{ address: "a:1" }, { drainMs: -1 }, /drainMs is -1; expected milliseconds/],
    [{ address: "a:1" }, { waitMs: "5s" }, /waitMs is "5s"; expected milliseconds/],
    [{ address: "a:1" }, { drainMs: 2_000, waitMs: 1_000 }, /drainMs is 2000; expected at most waitMs \(1000\)/],
    [{ address: "a:1" }, { drainMs: Infinity, waitMs: Infinity }, /drainMs is Infinity; expected an end/],
    [{ address: "a:1" }, { signals: true }, /signals: true needs close/],
    [{ address: "a:1" }, { close: "yes" }, /close is "yes"; expected a function/],
  ] as [unknown, unknown, RegExp][]) {
    const register = registerInstance(url, instance as InstanceToRegister, options as RegisterOptions);
    await assert.rejects(register, why, JSON.stringify(instance));
  }
  await assert.rejects(registerInstance("book://", { port: 80 }), /is not a target/);
  await assert.rejects(registerInstance(undefined as never, { port: 80 }), /the target is undefined; expected a URL/);
  await assert.rejects(registerInstance("direct:///10.0.0.1:80", { port: 80 }), /cannot register instances/);
  await assert.rejects(registerInstance(url.replace("order.rpc", "refused"), { port: 80 }), /no such tenant/);
  assert.deepEqual(listed, []);
});

test("an HTTP/2 server that close() returns is waited for; a close() that returns nothing is warned of", async (t) => {
  const warnings: string[] = [];
  setLogger({ debug() {}, info() {}, error() {}, warn: (_facts, message) => void warnings.push(message) });
  t.after(() => setLogLevel("silent"));
  for (const returned of [true, false]) {
    const server = createServer((_request, response) => void setTimeout(() => response.end("late"), 200));
    server.on("session", (session) => sessions.push(session));
    const sessions: ServerHttp2Session[] = [];
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const close = () => {
      for (const session of sessions) session.close();
      server.close(); // what it returns depends on the release of Node
      return returned ? server : (undefined as never);
    };
    const registered = await registerInstance(
      url,
      { address: `127.0.0.1:${port}` },
      { drainMs: 0, close, signals: false },
    );
    const session = connect(`http://127.0.0.1:${port}`);
    const arrived = once(server, "request");
    const request = session.request({ ":path": "/" }).resume();
    const ended = once(request, "end");
    await arrived;
    await registered.stop();
    assert.equal(request.readableEnded, returned);
    assert.equal(warnings.length, returned ? 0 : 1);
    await ended;
    session.close();
  }
  assert.match(warnings[0]!, /close\(\) returned nothing, .*: return a promise, or the server/);
});
