import * as grpc from "@grpc/grpc-js";
import { log } from "../../log.js";

type Handler = (call: HandledCall, respond?: Respond) => unknown;
type Respond = (error: unknown, ...rest: unknown[]) => void;
type HandledCall = grpc.ServerUnaryCall<unknown, unknown> | grpc.ServerDuplexStream<unknown, unknown>;

/**
 * The same handlers, of which none that throws, or whose promise rejects, leaves its call without an end or ends the process:
 * the caller sees INTERNAL, and the log the error. A thrown error that carries a gRPC code is that status.
 */
export function recovered(
  service: grpc.ServiceDefinition,
  implementation: grpc.UntypedServiceImplementation,
): grpc.UntypedServiceImplementation {
  // Handlers may be methods of a class, so what is not a handler is reached through the prototype.
  const safe = Object.create(implementation) as grpc.UntypedServiceImplementation;
  for (const [name, { path, originalName }] of Object.entries(service)) {
    for (const key of [name, originalName]) {
      const handler = key === undefined ? undefined : implementation[key];
      if (typeof handler === "function") safe[key!] = guarded(path, (handler as Handler).bind(implementation));
    }
  }
  return safe;
}

function guarded(path: string, handler: Handler): grpc.UntypedHandleCall {
  const guard = (call: HandledCall, given?: Respond): void => {
    let answered = false;
    const respond: Respond | undefined =
      given &&
      ((...answer) => {
        answered = true;
        given(...answer);
      });
    const fail = (error: unknown): void => {
      const status = statusOf(error, path);
      if (status.code === grpc.status.INTERNAL) log.error({ method: path, err: error }, "a handler crashed");
      if (answered || call.cancelled) return;
      if (respond) respond(status);
      else (call as grpc.ServerDuplexStream<unknown, unknown>).emit("error", status);
    };
    try {
      const result = handler(call, respond);
      if (isPromise(result)) result.then(undefined, fail);
    } catch (error) {
      fail(error);
    }
  };
  return guard as grpc.UntypedHandleCall;
}

/** What the error says may be meant for nobody but the log. */
function statusOf(error: unknown, path: string): Partial<grpc.StatusObject> {
  const { code } = (error ?? {}) as Partial<grpc.StatusObject>;
  if (typeof code === "number" && code > 0 && grpc.status[code] !== undefined) return error as grpc.StatusObject;
  return { code: grpc.status.INTERNAL, details: `the handler of ${path} crashed; the server's log says why` };
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === "function";
}
