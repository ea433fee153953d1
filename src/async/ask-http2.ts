import type { ClientHttp2Session } from "node:http2";

type Done = (error: Error | null) => void;

/** Who waits for the acknowledgement of the frame that is under way, by session. */
const asking = new WeakMap<ClientHttp2Session, Set<Done>>();

/**
 * Asks whether anybody is at the other end by a frame that every one has to acknowledge and that needs no stream: settings, with none in it
 * (RFC 9113, 6.5.3). Servers count pings, and grpc-go ends the connection after the fourth. One frame asks for all who ask meanwhile: Node
 * ends a session that has more than ten unacknowledged, and channels of a process may share one.
 * @param done told of the acknowledgement, or of the session's end.
 * @returns gives up asking. @throws when the session is over.
 */
export function askByFrame(session: ClientHttp2Session, done: Done): () => void {
  const waiting = asking.get(session) ?? sendFrame(session);
  waiting.add(done);
  return () => void waiting.delete(done);
}

function sendFrame(session: ClientHttp2Session): Set<Done> {
  const waiting = new Set<Done>();
  const tell = (error: Error | null) => {
    session.off("close", ended);
    asking.delete(session);
    for (const done of waiting) done(error);
  };
  // Node forgets the callback of a session that is destroyed.
  const ended = () => tell(new Error("the session has ended"));
  session.settings({}, tell);
  session.once("close", ended);
  asking.set(session, waiting);
  return waiting;
}
