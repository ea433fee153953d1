import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FrameReader, frame, MessageTooLong } from "./frames.js";

test("messages come out whole and in order, however the stream is cut into chunks", () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (sent, cuts) => {
      let rest = Buffer.concat(sent.map(frame));
      const reader = new FrameReader();
      const received: string[] = [];
      for (let i = 0; rest.length > 0; i++) {
        const size = cuts[i % cuts.length]!;
        for (const message of reader.read(rest.subarray(0, size))) received.push(message.toString("hex"));
        rest = rest.subarray(size);
      }
      assert.deepEqual(
        received,
        sent.map((message) => Buffer.from(message).toString("hex")),
      );
    }),
  );
});

test("a message that is too long is refused by its prefix, a compressed one by its mark", () => {
  const reader = new FrameReader(10);
  assert.equal([...reader.read(frame(Buffer.alloc(10)))].length, 1);
  const prefix = frame(Buffer.alloc(11)).subarray(0, 5);
  assert.throws(
    () => [...reader.read(prefix)],
    (error) => error instanceof MessageTooLong && error.bytes === 11,
  );
  assert.throws(() => [...new FrameReader().read(Buffer.of(1, 0, 0, 0, 0))], /compressed/);
});
