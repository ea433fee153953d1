import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { type ClientHttp2Session, connect, createServer } from "node:http2";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { test } from "node:test";
import { askByFrame } from "./ask-http2.js";
import { destroySoon } from "./end-http2.js";

/** A session whose frames are acknowledged, or fail, when the test says so. */
function fakeSession() {
  const frames: ((error: Error | null) => void)[] = [];
  const settings = (_: object, acknowledged: (error: Error | null) => void) => frames.push(acknowledged);
  const session = Object.assign(new EventEmitter(), { settings });
  return { session: session as unknown as ClientHttp2Session, frames };
}

test("one frame asks for all who ask before it is answered: Node ends a session with more than ten of them", () => {
  const { session, frames } = fakeSession();
  const told: number[] = [];
  for (let asker = 0; asker < 12; asker++) askByFrame(session, () => told.push(asker));
  assert.equal(frames.length, 1);
  frames[0]!(null);
  assert.equal(told.length, 12);
  askByFrame(session, () => told.push(12));
  assert.equal(frames.length, 2, "what is asked after the answer is asked anew");
  askByFrame(fakeSession().session, () => {});
  assert.equal(frames.length, 2, "each session has its own");
});

test("who gives up is told nothing, and the others are", () => {
  const { session, frames } = fakeSession();
  const told: [string, string | undefined][] = [];
  const giveUp = askByFrame(session, (error) => told.push(["first", error?.message]));
  askByFrame(session, (error) => told.push(["second", error?.message]));
  giveUp();
  frames[0]!(new Error("over"));
  assert.deepEqual(told, [["second", "over"]]);
});

test("a session is not ended by those who ask over it, however many", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  session.on("error", () => {}); // told to those who ask
  t.after(() => {
    destroySoon(session);
    server.close();
  });
  await once(session, "remoteSettings");
  const answers = Array.from({ length: 12 }, () => new Promise((resolve) => askByFrame(session, resolve)));
  assert.deepEqual(await Promise.all(answers), Array(12).fill(null));
  assert.equal(session.destroyed, false);
});

test("who asks over a session that ends unanswered is told so", async (t) => {
  const sockets: Socket[] = [];
  const silent = createTcpServer((socket) => {
    sockets.push(socket.on("error", () => {}));
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])); // settings, and no acknowledgement ever
  }).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const session = connect(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
  session.on("error", () => {});
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  await once(session, "remoteSettings");
  const answer = new Promise<Error | null>((resolve) => askByFrame(session, resolve));
  destroySoon(session);
  assert.match((await answer)!.message, /has ended/);
});
