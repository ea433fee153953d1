import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { after, test } from "node:test";
import { setImmediate as immediate } from "node:timers/promises";
import { Metadata, type StatusObject, status } from "@grpc/grpc-js";
import type { Hedging } from "../../balancer/hedging/hedging.js";
import { stall } from "../../testing/stall.js";
import { NO_ATTEMPT_LEFT, sentAs } from "../call-facts.js";
import { HedgedCall } from "./hedged-call.js";
import type { Call, CallListener } from "./service-call.js";

/** A real call holds the process while it waits. */
const held = setInterval(() => {}, 1_000);
after(() => clearInterval(held));

const end = (code: status): StatusObject => ({ code, details: "", metadata: new Metadata() });

/** A copy that ends as it is told. */
class FakeCopy {
  listener: CallListener | undefined;
  #isAsked = () => {};
  /** Resolves when it is asked for. */
  readonly asked = new Promise<void>((resolve) => {
    this.#isAsked = resolve;
  });
  /** Whether it finds an instance. */
  readonly #isSent: boolean;

  constructor(isSent = true) {
    this.#isSent = isSent;
  }

  start(metadata: Metadata, listener: CallListener): void {
    if (this.#isSent) sentAs(metadata)!.history.started += 1;
    this.listener = listener;
    this.#isAsked();
  }
  sendMessageWithContext(): void {}
  halfClose(): void {}
  startRead(): void {}
  cancelWithStatus(): void {}

  asCall(): Call {
    return this as unknown as Call;
  }
}

/** A hedged call whose request is sent, with what it tells. */
function hedged(first: FakeCopy, another: () => Call | undefined, delayMs?: number) {
  /** Copies and the winner, as the rule of hedging is told. */
  const compared: number[][] = [];
  let paid = 0;
  const hedging = {
    started: () => delayMs,
    take: () => {
      paid += 1;
      return true;
    },
    notSent: () => {
      paid -= 1;
    },
    ended: (_method: string, _ms: number, copies: number, winner: number) => compared.push([copies, winner]),
  } as unknown as Hedging<string>;
  const ends: status[] = [];
  const call = new HedgedCall("/a/b", { hedging, mostAttempts: 2 }, first.asCall(), another);
  call.start(new Metadata(), {
    onReceiveMetadata: () => {},
    onReceiveMessage: () => {},
    onReceiveStatus: ({ code }) => ends.push(code),
  });
  call.sendMessageWithContext({}, Buffer.alloc(0));
  call.halfClose();
  return { compared, ends, paid: () => paid };
}

test("a copy that was sent because the first had failed is no race: it says nothing of where time belongs", () => {
  const [first, second] = [new FakeCopy(), new FakeCopy()];
  const { compared, ends } = hedged(first, () => second.asCall());
  first.listener!.onReceiveStatus(end(status.UNAVAILABLE));
  second.listener!.onReceiveMessage(Buffer.alloc(0));
  second.listener!.onReceiveStatus(end(status.OK));
  assert.deepEqual([compared, ends], [[[1, 2]], [status.OK]]);
});

test("a call that fails after its channel was closed ends so: there is no other copy to be had", () => {
  const first = new FakeCopy();
  const { ends } = hedged(first, () => undefined);
  first.listener!.onReceiveStatus(end(status.UNAVAILABLE));
  assert.deepEqual(ends, [status.UNAVAILABLE]);
});

test("a call that reached nobody, as when all instances are full, has no copy that would not either", () => {
  const first = new FakeCopy(false);
  const { ends } = hedged(first, () => assert.fail("a copy is made"));
  first.listener!.onReceiveStatus(end(status.RESOURCE_EXHAUSTED));
  assert.deepEqual(ends, [status.RESOURCE_EXHAUSTED]);
});

test("a copy for which there was no other instance at that moment is asked for again, and paid for once: its call may hang for long", async () => {
  const [first, notSent, second] = [new FakeCopy(), new FakeCopy(false), new FakeCopy()];
  const copies = [notSent, second];
  const { compared, ends, paid } = hedged(first, () => copies.shift()!.asCall(), 10);
  await notSent.asked;
  notSent.listener!.onReceiveStatus({ ...end(status.UNAVAILABLE), details: NO_ATTEMPT_LEFT });
  await second.asked;
  second.listener!.onReceiveMessage(Buffer.alloc(0));
  second.listener!.onReceiveStatus(end(status.OK));
  assert.deepEqual([compared, ends, paid()], [[[2, 2]], [status.OK], 1]);
});

test("no call is late before its delay is over, though timers may come a millisecond too early", async () => {
  const delayMs = 1.9;
  for (let calls = 0; calls < 50; calls++) {
    const startedAt = performance.now();
    const [first, second] = [new FakeCopy(), new FakeCopy()];
    let askedAfter: number | undefined;
    hedged(
      first,
      () => {
        askedAfter = performance.now() - startedAt;
        return second.asCall();
      },
      delayMs,
    );
    await second.asked;
    assert.ok(askedAfter! >= delayMs, `${askedAfter} ms`);
  }
});

test("a call whose answer lies there already is not late, however late its timer comes in a busy process", async () => {
  const first = new FakeCopy();
  await immediate();
  const { ends, paid } = hedged(first, () => assert.fail("a copy is made"), 5);
  // Told of by the same phase of the event loop as what a socket has received.
  const answered = stat(".").then(() => {
    first.listener!.onReceiveMessage(Buffer.alloc(0));
    first.listener!.onReceiveStatus(end(status.OK));
  });
  stall(50);
  await answered;
  assert.deepEqual([ends, paid()], [[status.OK], 0]);
});
