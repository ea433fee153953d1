import { connect } from "node:http2";
import type { Health } from "./model.js";

/** How long an instance may take, in milliseconds. */
const ANSWER_MS = 2_000;
/** A gRPC message of no bytes: the health of the process as a whole. */
const EMPTY = Buffer.alloc(5);
/** HealthCheckResponse: field 1 is the status. */
const STATUS_FIELD = 0x08;
const SERVING = 1;
const NOT_SERVING = 2;

/**
 * Asks an instance's grpc.health.v1 over plain HTTP/2. One that serves TLS, or has no health service, is `unknown`; one where
 * nothing takes connections is `unreachable`. Never rejects.
 */
export function healthOf(address: string): Promise<Health> {
  return new Promise((resolve) => {
    const session = connect(`http://${address}`);
    let reached = false;
    const end = (health: Health) => {
      clearTimeout(limit);
      session.destroy();
      resolve(health);
    };
    const limit = setTimeout(() => end(reached ? "unknown" : "unreachable"), ANSWER_MS);
    session.on("connect", () => {
      reached = true;
    });
    session.on("error", () => end(reached ? "unknown" : "unreachable"));
    session.on("close", () => end("unknown"));
    const call = session.request({
      ":method": "POST",
      ":path": "/grpc.health.v1.Health/Check",
      "content-type": "application/grpc",
      te: "trailers",
    });
    const chunks: Buffer[] = [];
    call.on("data", (chunk: Buffer) => chunks.push(chunk));
    call.on("end", () => end(readHealth(Buffer.concat(chunks))));
    call.on("error", () => {}); // The session's end says the same.
    call.end(EMPTY);
  });
}

/** Reads the framed answer; one without a message has no health service behind it. */
export function readHealth(answer: Buffer): Health {
  if (answer.length < 7 || answer[0] !== 0 || answer[5] !== STATUS_FIELD) return "unknown";
  if (answer[6] === SERVING) return "serving";
  return answer[6] === NOT_SERVING ? "not serving" : "unknown";
}
