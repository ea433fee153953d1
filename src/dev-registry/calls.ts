import { type handleUnaryCall, type ServerDuplexStream, status } from "@grpc/grpc-js";
import { EtcdError } from "./errors.js";
import type { Admission } from "./faults/admission.js";

/** A gRPC handler from a function that answers at once or throws. */
export function unary<Request, Response>(
  admission: Admission,
  method: string,
  answer: (request: Request) => Response,
): handleUnaryCall<Request, Response> {
  return ({ request, metadata }, callback) => {
    try {
      admission.check(method, metadata);
      callback(null, answer(request));
    } catch (error) {
      callback(statusOf(error));
    }
  };
}

/** Whether a stream may begin; if not it is ended with the reason. */
export function admitted<Request, Response>(
  admission: Admission,
  method: string,
  call: ServerDuplexStream<Request, Response>,
): boolean {
  call.on("error", () => {}); // a client that goes away, or a refusal below: grpc-js has told the client already
  try {
    admission.check(method, call.metadata);
    return true;
  } catch (error) {
    call.emit("error", statusOf(error));
    return false;
  }
}

function statusOf(error: unknown): { code: status; details: string } {
  if (error instanceof EtcdError) return { code: error.code, details: error.message };
  return { code: status.INTERNAL, details: String(error) };
}
