/**
 * One process of a fleet: serves, calls, both. `fleet-program.ts <name> <settings as JSON>`; prints a line of JSON once it is up. Orders
 * come as lines of standard input: `close <service>` and `open <service>` end and make its clients. It ends when that is closed.
 */
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import { createClient, createServer, type Server } from "../../src/index.js";
import { EchoClient, type EchoReply, type EchoRequest, EchoService, echoHandlers, say } from "../support/echo.js";

export interface FleetProcess {
  readonly etcd: string;
  readonly serves?: string;
  readonly calls?: readonly string[];
  readonly zone?: string;
  readonly version?: string;
  readonly weight?: number;
  /** How long an answer takes, in milliseconds. Default 2. */
  readonly answerMs?: number;
  /** Each n-th call fails. Default none. */
  readonly failEvery?: number;
  /** How long a client waits between calls, in milliseconds. Default 20. */
  readonly pauseMs?: number;
}

const [name = "", json = "{}"] = process.argv.slice(2);
// What stands for a script's name in a presence.
process.argv[1] = name;
const settings = JSON.parse(json) as FleetProcess;
const { etcd, serves, calls = [], zone, version, weight, answerMs = 2, failEvery = 0, pauseMs = 20 } = settings;
const clients = new Map<string, EchoClient>();

function open(service: string): void {
  const client = createClient(EchoClient, { Etcd: { Hosts: [etcd], Key: service }, Presence: true, Zone: zone });
  clients.set(service, client);
  void callAgainAndAgain(service, client);
}

async function callAgainAndAgain(service: string, client: EchoClient): Promise<void> {
  while (clients.get(service) === client) {
    await say(client).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

function close(service: string): void {
  clients.get(service)?.close();
  clients.delete(service);
}

let server: Server | undefined;
if (serves) {
  let answered = 0;
  server = createServer(
    {
      Name: name,
      ListenOn: "127.0.0.1:0",
      Etcd: { Hosts: [etcd], Key: serves },
      DevServer: { Host: "127.0.0.1", Port: 0 },
      Zone: zone,
      Weight: weight,
      ...(version && { Metadata: { version } }),
      Shutdown: { WrapUpTime: 0 },
    },
    (builder) => {
      builder.addService(EchoService, {
        ...echoHandlers(() => server!.address!),
        say(_: grpc.ServerUnaryCall<EchoRequest, EchoReply>, callback: grpc.sendUnaryData<EchoReply>) {
          answered += 1;
          const code = failEvery > 0 && answered % failEvery === 0 ? grpc.status.UNAVAILABLE : 0;
          setTimeout(() => {
            if (code) callback({ code, details: "as asked" });
            else callback(null, { instance: server!.address! });
          }, answerMs);
        },
      });
    },
    { signals: false },
  );
  await server.start();
}
for (const service of calls) open(service);
console.log(JSON.stringify({ address: server?.address }));

for await (const line of createInterface({ input: process.stdin })) {
  const [order, service = ""] = line.split(" ");
  if (order === "close") close(service);
  if (order === "open") open(service);
}
for (const service of clients.keys()) close(service);
await server?.stop();
