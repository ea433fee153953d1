/**
 * One instance of the fleet, forked by servers.ts: a bare grpc-js server. It tells its parent its address, takes its
 * condition from it, and ends with it.
 */
import * as grpc from "@grpc/grpc-js";
import { type Empty, FleetService, STREAM_ANSWERS, STREAM_PAUSE_MS } from "./service.js";
import { type Condition, Workers } from "./workers.js";

/** What the parent sends; each is acknowledged. `fresh`: what an earlier contestant left is forgotten. */
export interface Order {
  readonly become: Condition;
  readonly fresh: boolean;
}

const workers = new Workers({ workers: 1, slower: 1, calls: "answered" });
const broken = { code: grpc.status.INTERNAL, details: "this instance fails" };

function unary(call: grpc.ServerUnaryCall<number, Empty>, callback: grpc.sendUnaryData<Empty>): void {
  const { calls } = workers.condition;
  if (calls === "fail") callback(broken);
  if (calls === "answered") {
    workers.work(
      call.request,
      () => !call.cancelled,
      () => callback(null, {}),
    );
  }
}

function stream(call: grpc.ServerWritableStream<number, Empty>): void {
  const { calls } = workers.condition;
  if (calls === "fail") call.emit("error", broken);
  if (calls !== "answered") return;
  let left = STREAM_ANSWERS;
  const answer = () =>
    workers.work(
      call.request,
      () => !call.cancelled,
      () => {
        call.write({});
        left -= 1;
        if (left > 0) setTimeout(answer, STREAM_PAUSE_MS);
        else call.end();
      },
    );
  answer();
}

const server = new grpc.Server();
server.addService(FleetService, { fast: unary, slow: unary, mixed: unary, stream });
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.send!(`127.0.0.1:${port}`);
});

process.on("message", ({ become, fresh }: Order) => {
  if (fresh) workers.clear();
  workers.become(become);
  process.send!("done");
});
process.on("disconnect", () => process.exit());
