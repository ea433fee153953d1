import * as grpc from "@grpc/grpc-js";
import { HEALTH_SERVICE } from "./health-service.js";

/** Of a method as an interceptor is told it. */
type Method = Pick<grpc.ServerMethodDefinition<unknown, unknown>, "requestStream" | "responseStream">;

export function isUnary({ requestStream, responseStream }: Method): boolean {
  return !requestStream && !responseStream;
}

/** Whether it asks for the server's health, which is always answered and never counted. */
export function isHealthCall(path: string): boolean {
  return path.startsWith(`/${HEALTH_SERVICE}/`);
}

type Call = Pick<grpc.ServerInterceptingCallInterface, "getDeadline">;

/**
 * When its caller's deadline passes, in milliseconds of performance.now, to be asked when the call comes: grpc-js tells it as a time of
 * day, and somebody may set the clock while the call runs.
 */
export function deadlineOf(call: Call): number {
  return performance.now() + (Number(call.getDeadline()) - Date.now());
}

/** How a call ended whose caller is gone: at its deadline, which grpc-js keeps by itself, or given up before. */
export function endOfCancelled(deadline: number): { readonly code: grpc.status; readonly details: string } {
  if (performance.now() > deadline) {
    return { code: grpc.status.DEADLINE_EXCEEDED, details: "the caller's deadline has passed" };
  }
  return { code: grpc.status.CANCELLED, details: "cancelled by the caller" };
}
