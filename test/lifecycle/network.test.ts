import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { endOf } from "../examples/example.js";
import { namespaceSkipReason, TwoHosts } from "../support/network/namespaces.js";

const skip = namespaceSkipReason();
const LIMIT_MS = 60_000;

/** The lines of a program's output, as they come. */
class Lines {
  readonly all: string[] = [];
  #heard = () => {};
  #over = false;

  constructor(child: ChildProcess) {
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface(stream).on("line", (line) => {
        this.all.push(line);
        this.#heard();
      });
    }
    child.once("exit", () => {
      this.#over = true;
      this.#heard();
    });
  }

  /** The first match in a line, of those to come too. */
  async match(what: RegExp): Promise<string> {
    for (;;) {
      const found = this.all.map((line) => what.exec(line)).find((match) => match !== null);
      if (found) return found[1] ?? found[0];
      if (this.#over) throw new Error(`ended without saying ${what}:\n${this.all.join("\n")}`);
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }
}

/** The registry at host 0. @param at its address there, with brackets where it needs them. */
async function registryAt(hosts: TwoHosts, at: string): Promise<string> {
  const host = at.replace(/[[\]]/g, "");
  await new Lines(hosts.start(0, "src/cli/main.ts", ["dev", "--host", host, "--port", "2379"])).match(/dev registry/);
  return `${at}:2379`;
}

function serverAt1(hosts: TwoHosts, registry: string, config: object): Lines {
  const Etcd = { Hosts: [registry], Key: "net.rpc", TTL: 3_000 };
  const child = hosts.start(
    1,
    "test/lifecycle/serving-program.ts",
    [JSON.stringify({ Name: "net", Etcd, ...config })],
    {
      ROLLCALL_LOG_LEVEL: "info",
      POD_IP: "",
    },
  );
  return new Lines(child);
}

function callerAt0(hosts: TwoHosts, registry: string): Lines {
  return new Lines(hosts.start(0, "test/lifecycle/calling-program.ts", [`etcd:///${registry}?key=net.rpc`]));
}

for (const [kind, addresses, expected] of [
  ["IPv6-only", ["fd00::1/64", "fd00::2/64"], "[fd00::2]"],
  ["IPv4-only", ["10.9.0.1/24", "10.9.0.2/24"], "10.9.0.2"],
] as const) {
  for (const ListenOn of [":0", "0.0.0.0:0", "[::]:0"]) {
    test(`ListenOn ${ListenOn} on an ${kind} host registers an address at which it is reached`, {
      skip,
      timeout: LIMIT_MS,
    }, async (t) => {
      const hosts = new TwoHosts();
      t.after(() => hosts.remove());
      if (kind === "IPv4-only") for (const host of [0, 1] as const) hosts.withoutIpv6(host);
      hosts.addAddress(0, addresses[0]);
      hosts.addAddress(1, addresses[1]);
      const registry = await registryAt(hosts, kind === "IPv6-only" ? "[fd00::1]" : "10.9.0.1");
      const port = await serverAt1(hosts, registry, { ListenOn }).match(/^port (\d+)/);
      assert.equal(await callerAt0(hosts, registry).match(/^(?!failed).*/), `${expected}:${port}`);
    });
  }
}

test("each of the three ways to listen on all interfaces answers over both families", {
  skip,
  timeout: LIMIT_MS,
}, async (t) => {
  const hosts = new TwoHosts();
  t.after(() => hosts.remove());
  for (const [at, number] of [
    [0, 1],
    [1, 2],
  ] as const) {
    hosts.addAddress(at, `10.9.0.${number}/24`);
    hosts.addAddress(at, `fd00::${number}/64`);
  }
  for (const ListenOn of [":7001", "0.0.0.0:7002", "[::]:7003"]) {
    const server = new Lines(hosts.start(1, "test/lifecycle/serving-program.ts", [JSON.stringify({ ListenOn })]));
    const port = await server.match(/^port (\d+)/);
    for (const target of [`direct:///10.9.0.2:${port}`, `direct:///[fd00::2]:${port}`]) {
      const caller = hosts.start(0, "test/lifecycle/calling-program.ts", [target]);
      await new Lines(caller).match(/^10\.9\.0\.2:/);
      caller.kill("SIGKILL");
    }
  }
});

test("when the host's address changes, the new one is registered and the old one is gone", {
  skip,
  timeout: 2 * LIMIT_MS,
}, async (t) => {
  const hosts = new TwoHosts();
  t.after(() => hosts.remove());
  hosts.addAddress(0, "10.9.0.1/24");
  hosts.addAddress(1, "10.9.0.2/24");
  const registry = await registryAt(hosts, "10.9.0.1");
  const server = serverAt1(hosts, registry, { ListenOn: ":7001" });
  const caller = callerAt0(hosts, registry);
  await caller.match(/^10\.9\.0\.2:7001/);
  hosts.ip(1, "addr", "del", "10.9.0.2/24", "dev", "eth0");
  hosts.addAddress(1, "10.9.0.3/24");
  await caller.match(/^10\.9\.0\.3:7001/);
  await server.match(/no longer has the address of 10\.9\.0\.2:7001: registering 10\.9\.0\.3:7001 instead/);
  for (let listed = ""; !/10\.9\.0\.3:7001/.test(listed) || /10\.9\.0\.2:7001/.test(listed); ) {
    const { status, stdout, stderr } = await endOf(
      hosts.start(0, "src/cli/main.ts", ["ls", "net.rpc", "--etcd", registry]),
    );
    assert.equal(status, 0, stderr);
    listed = stdout;
  }
});

test("where Advertise names the address that the host has lost, a warning says so", {
  skip,
  timeout: LIMIT_MS,
}, async (t) => {
  const hosts = new TwoHosts();
  t.after(() => hosts.remove());
  hosts.addAddress(0, "10.9.0.1/24");
  hosts.addAddress(1, "10.9.0.2/24");
  const registry = await registryAt(hosts, "10.9.0.1");
  const server = serverAt1(hosts, registry, { ListenOn: ":7001", Advertise: "10.9.0.2" });
  await server.match(/^port/);
  hosts.ip(1, "addr", "del", "10.9.0.2/24", "dev", "eth0");
  hosts.addAddress(1, "10.9.0.3/24");
  await server.match(/"level":40.*no longer has the address of 10\.9\.0\.2:7001.*Advertise names it/);
});

test("a host with several addresses says at registration which it could have been, and how to choose", {
  skip,
  timeout: LIMIT_MS,
}, async (t) => {
  const hosts = new TwoHosts();
  t.after(() => hosts.remove());
  hosts.addAddress(0, "10.9.0.1/24");
  hosts.addAddress(1, "10.9.0.2/24");
  hosts.ip(1, "link", "add", "bridge0", "type", "veth", "peer", "name", "bridge1");
  hosts.ip(1, "addr", "add", "172.30.0.1/16", "dev", "bridge0");
  for (const end of ["bridge0", "bridge1"]) hosts.ip(1, "link", "set", end, "up");
  const registry = await registryAt(hosts, "10.9.0.1");
  const server = serverAt1(hosts, registry, { ListenOn: ":7001" });
  await server.match(/^port/);
  const [line, ...more] = server.all.filter((text) => /Advertise/.test(text));
  assert.match(line!, /registering 10\.9\.0\.2:7001; this machine has 172\.30\.0\.1 besides: set Advertise/);
  assert.deepEqual(more, []);
});
