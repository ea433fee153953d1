// The demo: a registry, instances in processes of their own, and two clients that never pause while instances join, stop,
// crash and turn slow: Rollcall's, and beside it grpc-js' own round_robin with the same traffic. Ctrl-C ends it with the
// summary. The exit status is 0 only if Rollcall lost no call to anything but the crash.
import { createClient, setLogger } from "rollcall";
import { startDevRegistry } from "rollcall/dev-registry";
import { OrderClient } from "../order/order.js";
import { Balance } from "./balance.js";
import { Member } from "./member.js";
import { Phases } from "./phases.js";
import { Screen } from "./screen.js";
import { Story } from "./story.js";
import { Traffic } from "./traffic.js";

/** Of each of the two clients. */
const CALLS_PER_SECOND = 60;
/** A machine that is busy with other things may be given longer. */
const LIMIT_S = Number(process.env.DEMO_LIMIT_S ?? 29.5);

const screen = new Screen();
const balance = new Balance((warning) => screen.say(`  rollcall warns: ${warning}`));
setLogger(balance, "debug");

const registry = await startDevRegistry();
const etcd = { Hosts: [registry.endpoint], Key: "order.rpc" };
const trafficBy = (BalancerName: "p2c_ewma" | "round_robin") =>
  new Traffic(createClient(OrderClient, { Etcd: etcd, Timeout: 2000, BalancerName }), CALLS_PER_SECOND);
const phases = new Phases(trafficBy("p2c_ewma"), trafficBy("round_robin"));
const members = ["A", "B", "C", "D"].map((name) => new Member(name, registry.endpoint));
const story = new Story({ screen, registry, phases, members, balance });

const limit = setTimeout(() => story.interrupt(`this took longer than ${LIMIT_S} s`), LIMIT_S * 1000);
process.once("SIGINT", () => story.interrupt("interrupted"));
await story.tell();
clearTimeout(limit);
process.exit(story.sumUp() ? 0 : 1);
