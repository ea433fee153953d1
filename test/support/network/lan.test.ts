import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { Lan, type LanHost, lanSkipReason } from "./lan.js";

const skip = lanSkipReason();

/** Answers what it is sent over UDP and TCP, on port 7. */
const ECHO = `
  const { createSocket } = require("node:dgram");
  const udp = createSocket("udp4", (message, from) => udp.send(message, from.port, from.address)).bind(7);
  require("node:net").createServer((socket) => socket.on("error", () => {}).pipe(socket)).listen(7, () => console.log("up"));`;
/**
 * Sends 1,000 datagrams to the address, no more than 100 beyond the last that came back, which no buffer is too small for;
 * prints how many came back when none has for two seconds.
 */
const DATAGRAMS = `
  const socket = require("node:dgram").createSocket("udp4");
  let sent = 0, last = -1, back = 0, heard = true;
  const send = () => { for (; sent < 1_000 && sent <= last + 100; sent++) socket.send(String(sent), 7, process.argv[1]); };
  // What has arrived while this process had no turn is read before the next look.
  const look = () => {
    if (!heard) { console.log(back); process.exit(); }
    heard = false;
    setTimeout(() => setImmediate(() => setImmediate(look)), 2_000);
  };
  socket.on("message", (number) => { heard = true; back++; last = Number(number); send(); });
  socket.bind(() => { send(); look(); });`;
/** Says "one" over a connection and, at a line of input, "two" over it and "new" over another; prints what comes back. */
const CONNECTIONS = `
  const { connect } = require("node:net");
  const dial = (text) => connect(7, process.argv[1]).on("data", (data) => console.log(String(data))).on("connect", function () { this.write(text); });
  const first = dial("one");
  process.stdin.once("data", () => { first.write("two"); dial("new"); });`;

function lines(child: ChildProcess): AsyncIterator<string> {
  return createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
}

async function pair(lan: Lan): Promise<[LanHost, LanHost]> {
  const hosts: [LanHost, LanHost] = [lan.addHost(), lan.addHost()];
  await lines(hosts[1].start(process.execPath, ["-e", ECHO], ["ignore", "pipe", "inherit"])).next();
  return hosts;
}

async function returned([from, to]: [LanHost, LanHost]): Promise<number> {
  const child = from.start(process.execPath, ["-e", DATAGRAMS, to.ip], ["ignore", "pipe", "inherit"]);
  return Number((await lines(child).next()).value);
}

test("a cable loses the share of packets that it is told to, all of them, and none once it is healed", {
  skip,
}, async () => {
  using lan = new Lan();
  const hosts = await pair(lan);
  // With a whole cable first: the question for the other's hardware address, when lost, is asked again after a second only.
  assert.ok((await returned(hosts)) > 990);
  hosts[1].lose(0.1);
  const some = await returned(hosts);
  // Lost either way: 0.9 x 0.9 = 810 come back, give or take; six standard deviations are 75.
  assert.ok(some > 735 && some < 885, `${some} of 1,000 came back`);
  hosts[1].silence();
  assert.equal(await returned(hosts), 0);
  hosts[1].heal();
  assert.ok((await returned(hosts)) > 990);
});

test("connections that a firewall has forgotten are silent, new ones work", { skip }, async () => {
  using lan = new Lan();
  const [from, to] = await pair(lan);
  const child = from.start(process.execPath, ["-e", CONNECTIONS, to.ip], ["pipe", "pipe", "inherit"]);
  const said = lines(child);
  assert.equal((await said.next()).value, "one");
  to.forgetConnections();
  child.stdin!.write("\n");
  assert.equal((await said.next()).value, "new");
});
