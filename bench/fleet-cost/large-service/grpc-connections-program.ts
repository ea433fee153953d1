/** A gRPC client that is connected to so many instances, in a process of its own: the memory that each connection holds. */
import { setTimeout as pause } from "node:timers/promises";
import { createClient, setLogLevel } from "../../../src/index.js";
import { clients } from "../../../src/observe/sources.js";
import { EchoClient, say } from "../../../test/support/echo.js";
import { until } from "../../../test/support/until.js";
import { heldBytes } from "../../support/process-cost.js";

setLogLevel("silent");
const [port, connections] = process.argv.slice(2).map(Number);
await connectTo(1); // whatever is loaded or made once
const before = heldBytes();
await connectTo(connections!);
process.send!((heldBytes() - before) / connections! / 1_024);
process.exit();

/** Calls until it is connected to all; the whole loopback network leads to the one server. */
async function connectTo(count: number): Promise<void> {
  const Endpoints = Array.from({ length: count }, (_, i) => `127.3.${1 + (i >> 7)}.${1 + (i & 127)}:${port}`);
  const client = createClient(EchoClient, { Endpoints, Timeout: 60_000 });
  await say(client);
  const ready = () => [...clients].some((one) => one.state().instances.filter((each) => each.ready).length >= count);
  await until(ready, `${count} instances are connected to`);
  for (let i = 0; i < count; i++) await say(client);
  await pause(1_000);
}
