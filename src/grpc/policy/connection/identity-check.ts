import { status } from "@grpc/grpc-js";
import { afterRead } from "../../../async/after-read.js";
import { ROLLCALL_SERVER } from "../../identity.js";
import type { CallListener, ConnectionCall } from "../../shield/connection-calls.js";
import type { Subchannel } from "../../shield/experimental.js";
import { letProcessEnd } from "../../subchannel-internals.js";
import { healthMessages, startHealthCall } from "./health-call.js";

export interface Identity {
  /** Key under which the instance registered itself; undefined where others list it, as Kubernetes and DNS do. */
  readonly key: string | undefined;
  /** gRPC services that are called there. */
  readonly services: Iterable<string>;
}

/** Whoever is silent for so long says nothing, in milliseconds: a frozen process is no reason to ask for ever. */
const ANSWER_MS = 2_000;

type Word = "serving" | "not serving" | "unknown" | "no health" | "no answer";

/**
 * Asks who is at an address that was once an instance's, by grpc.health.v1: servers of Rollcall's making name their service
 * key; of others a gRPC service by its full name is asked for. Who names neither cannot be told from a stranger.
 * @returns undefined when it is an instance of the service and serves, else why it is not used.
 */
export async function strangerAt(subchannel: Subchannel, { key, services }: Identity): Promise<string | undefined> {
  const names = key === undefined ? [...services] : [key, ...services];
  for (const name of names) {
    const word = await ask(subchannel, name);
    if (word === "serving") return undefined;
    if (word === "not serving") return `it says that ${name} is not serving`;
    if (word === "no answer") return "it gave no answer that can be read when it was asked who it is";
    if (word === "no health")
      return "it has no grpc.health.v1 to say who it is, and the registry has not listed it since";
    if (name === key && (await ask(subchannel, ROLLCALL_SERVER)) !== "unknown") {
      return `it is an instance of another service than ${key}`;
    }
  }
  return `it does not say by grpc.health.v1 that it serves ${names.join(" or ") || "what is called"}`;
}

async function ask(subchannel: Subchannel, service: string): Promise<Word> {
  const { HealthCheckResponse, HealthCheckResponse_ServingStatus: Status } = await healthMessages();
  return new Promise<Word>((resolve) => {
    let word: Word = "no answer";
    let call: ConnectionCall | undefined;
    let over = false;
    const end = (said: Word) => {
      over = true;
      stopTimer();
      resolve(said);
    };
    const stopTimer = afterRead(ANSWER_MS, () => {
      end("no answer");
      call?.cancelWithStatus(status.CANCELLED, "no longer asked");
    });
    const listener: CallListener = {
      onReceiveMetadata: () => {},
      onReceiveMessage: (message) => {
        try {
          // After gRPC's prefix of five bytes. No encoding was accepted, so the message is not compressed.
          const { status: serving } = HealthCheckResponse.decode(message.subarray(5));
          word = serving === Status.SERVING ? "serving" : "not serving";
        } catch {
          // Anybody may be there, and say anything.
        }
      },
      onReceiveStatus: ({ code }) => end(code === status.OK ? word : wordOf(code)),
    };
    startHealthCall("Check", subchannel, service, listener).then(
      (started) => {
        call = started;
        if (over) call.cancelWithStatus(status.CANCELLED, "no longer asked");
        else letProcessEnd(subchannel, call);
      },
      () => end("no answer"),
    );
  });
}

function wordOf(code: status): Word {
  if (code === status.NOT_FOUND) return "unknown";
  if (code === status.UNAVAILABLE || code === status.CANCELLED || code === status.DEADLINE_EXCEEDED) return "no answer";
  return "no health";
}
