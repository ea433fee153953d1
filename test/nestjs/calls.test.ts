import "reflect-metadata";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { credentials, Metadata, type Server, status } from "@grpc/grpc-js";
import {
  ConflictException,
  Controller,
  type ExecutionContext,
  ForbiddenException,
  Logger,
  Module,
  NotFoundException,
  UnauthorizedException,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { type ClientGrpc, ClientProxyFactory, GrpcMethod, GrpcStreamMethod, RpcException } from "@nestjs/microservices";
import { currentCall } from "rollcall";
import { RollcallModule, RollcallServer, rollcallClient } from "rollcall/nestjs";
import { from, lastValueFrom, map, type Observable, of, toArray } from "rxjs";
import { GrpcExceptions } from "../../examples/nestjs/exceptions.js";
import { find, OrderClient, type OrderHandlers, OrderService } from "../../examples/order/order.js";

interface Word {
  text: string;
}
interface Calls {
  find(word: Word, metadata?: Metadata, options?: { deadline: number }): Observable<Word>;
  refuse(word: Word): Observable<Word>;
  count(word: Word): Observable<Word>;
  join(words: Observable<Word>): Observable<Word>;
  echo(words: Observable<Word>): Observable<Word>;
}

class Guard {
  canActivate(context: ExecutionContext): boolean {
    const [role] = context.switchToRpc().getContext<Metadata>().get("role");
    if (role === "nobody") return false;
    if (role !== "customer") throw new ForbiddenException("customers only");
    return true;
  }
}

class Shouting {
  intercept(_context: ExecutionContext, next: { handle(): Observable<Word> }): Observable<Word> {
    return next.handle().pipe(map(({ text }) => ({ text: text.toUpperCase() })));
  }
}

const REFUSALS: Readonly<Record<string, () => Error>> = {
  missing: () => new NotFoundException("no such order"),
  conflict: () => new ConflictException("it is there already"),
  stranger: () => new UnauthorizedException("who are you?"),
  rpc: () => new RpcException({ code: status.FAILED_PRECONDITION, message: "it is shipped" }),
  error: () => new Error("the reason"),
};

@Controller()
@UseFilters(new GrpcExceptions())
class CallsController {
  @GrpcMethod("Calls", "Find")
  @UseGuards(new Guard())
  @UseInterceptors(new Shouting())
  find({ text }: Word): Word {
    const deadline = currentCall()?.deadline ?? Number.POSITIVE_INFINITY;
    return { text: `${text} ${Math.ceil((deadline - Date.now()) / 60_000)} minutes` };
  }
  @GrpcMethod("Calls", "Refuse")
  refuse({ text }: Word): Word {
    throw REFUSALS[text]!();
  }
  @GrpcMethod("Calls", "Count")
  count({ text }: Word): Observable<Word> {
    return of(1, 2, 3).pipe(map((n) => ({ text: `${text}${n}` })));
  }
  @GrpcStreamMethod("Calls", "Join")
  join(words: Observable<Word>): Observable<Word> {
    return words.pipe(
      toArray(),
      map((all) => ({ text: all.map(({ text }) => text).join("+") })),
    );
  }
  @GrpcStreamMethod("Calls", "Echo")
  echo(words: Observable<Word>): Observable<Word> {
    return words.pipe(map(({ text }) => ({ text: `${text}!` })));
  }
}

@Module({ controllers: [CallsController], imports: [RollcallModule.forRoot()] })
class AppModule {}

const proto = { package: "calls", protoPath: "test/nestjs/calls.proto" };
const strategy = new RollcallServer(
  { ListenOn: "127.0.0.1:0", Timeout: 0, Shutdown: { WrapUpTime: 0 } },
  { ...proto, signals: false },
);
let close: () => Promise<void>;
let calls: Calls;
before(async () => {
  const app = await NestFactory.createMicroservice(AppModule, { strategy, logger: false });
  await app.listen();
  const client = ClientProxyFactory.create(
    rollcallClient({ Endpoints: [strategy.address!], Timeout: 60_000 }, proto),
  ) as unknown as ClientGrpc & { close(): void };
  calls = client.getService<Calls>("Calls");
  close = async () => {
    client.close();
    await app.close();
  };
});
after(() => close());

const codeOf = (answer: Observable<unknown>) =>
  lastValueFrom(answer).then(
    () => assert.fail("it was answered"),
    ({ code, details }) => [status[code], details],
  );
const textsOf = async (answer: Observable<Word>) =>
  (await lastValueFrom(answer.pipe(toArray()))).map(({ text }) => text);

test("Nest's guards see the metadata of a call, and its interceptors the answer", async () => {
  const as = (role: string) => Metadata.fromHttp2Headers({ role });
  const deadline = Date.now() + 5 * 60_000;
  assert.deepEqual(await textsOf(calls.find({ text: "found in" }, as("customer"), { deadline })), [
    "FOUND IN 5 MINUTES",
  ]);
  assert.deepEqual(await codeOf(calls.find({ text: "" }, as("seller"))), ["PERMISSION_DENIED", "customers only"]);
  assert.deepEqual(await codeOf(calls.find({ text: "" }, as("nobody"))), ["UNKNOWN", "Forbidden resource"]);
});

test("the filter of docs/nestjs.md gives Nest's exceptions the gRPC status that they mean", async () => {
  assert.deepEqual(await codeOf(calls.refuse({ text: "missing" })), ["NOT_FOUND", "no such order"]);
  assert.deepEqual(await codeOf(calls.refuse({ text: "conflict" })), ["ALREADY_EXISTS", "it is there already"]);
  assert.deepEqual(await codeOf(calls.refuse({ text: "stranger" })), ["UNAUTHENTICATED", "who are you?"]);
  assert.deepEqual(await codeOf(calls.refuse({ text: "rpc" })), ["FAILED_PRECONDITION", "it is shipped"]);
  assert.deepEqual(await codeOf(calls.refuse({ text: "error" })), ["UNKNOWN", "Internal server error"]);
});

test("streams of all three kinds pass through Nest", async () => {
  const words = () => from([{ text: "a" }, { text: "b" }]);
  assert.deepEqual(await textsOf(calls.count({ text: "n" })), ["n1", "n2", "n3"]);
  assert.deepEqual(await textsOf(calls.join(words())), ["a+b"]);
  assert.deepEqual(await textsOf(calls.echo(words())), ["a!", "b!"]);
});

test("what onLoadPackageDefinition adds to the server is served, as reflection is", async () => {
  const orders: OrderHandlers = { find: ({ request }, callback) => callback(null, { ...request, servedBy: "beside" }) };
  const onLoadPackageDefinition = (_loaded: unknown, server: Server) => server.addService(OrderService, orders);
  const more = new RollcallServer(
    { ListenOn: "127.0.0.1:0", Shutdown: { WrapUpTime: 0 } },
    { ...proto, onLoadPackageDefinition, signals: false },
  );
  await more.listen(() => {});
  const client = new OrderClient(more.address!, credentials.createInsecure());
  assert.equal((await find(client, "1")).servedBy, "beside");
  client.close();
  await more.close();
});

test("the program of docs/nestjs.md hands Rollcall's log to Nest's logger", async () => {
  const said: unknown[] = [];
  const take = (message: unknown) => void said.push(message);
  Logger.overrideLogger({ log: take, debug: take, warn: take, error: take });
  await import("../../examples/nestjs/log.js");
  const other = new RollcallServer(
    { Name: "calls", ListenOn: "127.0.0.1:0", Shutdown: { WrapUpTime: 0 } },
    { ...proto, signals: false },
  );
  await other.listen(() => {});
  await other.close();
  Logger.overrideLogger(false);
  const serving = said.find((one) => (one as { message?: string }).message === "serving");
  assert.equal((serving as { server?: string } | undefined)?.server, "calls", JSON.stringify(said));
});
