// Anything else that connects: here node:http2, one session for each instance.
import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import { createPool } from "rollcall/pool";

const pool = createPool<ClientHttp2Session>("etcd:///127.0.0.1:2379?key=order.rpc", {
  async connect(instance, { lost, signal }) {
    const session = connect(`http://${instance.address}`);
    session.on("error", (error) => lost(error.message)).on("goaway", () => lost());
    session.once("close", () => lost());
    signal.addEventListener("abort", () => session.destroy());
    await once(session, "remoteSettings", { signal });
    return session;
  },
  close: (session) => session.close(),
});

const answer = await pool.run(async (session, { signal }) => {
  const stream = session.request({
    ":method": "POST",
    ":path": "/order.Order/Find",
    "content-type": "application/json",
  });
  signal.addEventListener("abort", () => stream.destroy(signal.reason));
  stream.end('{"id":"1"}');
  let body = "";
  for await (const chunk of stream.setEncoding("utf8")) body += chunk;
  return JSON.parse(body);
});
console.log(answer);
await pool.close();
