/** A network between clients and servers that takes 5 to 20 ms each way. Options are JSON in the first argument. */
import { connect, createServer, type Socket } from "node:net";

export interface DelayOptions {
  /** Listens at the first, forwards to the second; `host:port` each. */
  readonly routes: readonly (readonly [string, string])[];
  /** Least and most, in milliseconds, each way. */
  readonly delayMs: readonly [number, number];
}

const { routes, delayMs } = JSON.parse(process.argv[2]!) as DelayOptions;
const [least, most] = delayMs;

/** Passes on what comes, late and in order: data, the end of data and the loss of the connection alike. */
function forward(from: Socket, to: Socket): void {
  const line: { due: number; act: () => void }[] = [];
  // Timers of different lengths do not keep their order, so there is one for the head of the line.
  const next = () => {
    const head = line[0];
    if (head) setTimeout(arrive, head.due - performance.now());
  };
  const arrive = () => {
    while (line.length > 0 && line[0]!.due <= performance.now()) line.shift()!.act();
    next();
  };
  const later = (act: () => void) => {
    line.push({ due: performance.now() + least + Math.random() * (most - least), act });
    if (line.length === 1) next();
  };
  from.on("data", (data) => later(() => to.write(data)));
  from.on("end", () => later(() => to.end()));
  from.on("error", () => later(() => to.resetAndDestroy()));
}

for (const [listen, target] of routes) {
  const [host, port] = target.split(":");
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = connect({ host: host!, port: Number(port), allowHalfOpen: true, noDelay: true });
    forward(client, upstream);
    forward(upstream, client);
  });
  const [ownHost, ownPort] = listen.split(":");
  await new Promise<void>((resolve) => server.listen(Number(ownPort), ownHost, resolve));
}
process.send!("ready");
// Ends with the test.
process.on("disconnect", () => process.exit());
process.on("message", () => {});
