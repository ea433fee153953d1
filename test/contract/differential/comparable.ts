import type { ServiceError } from "@grpc/grpc-js";
import fc from "fast-check";
import type { ResponseHeader } from "../../../src/proto/etcd.js";
import type { Answer } from "./operations.js";

/** An answer or an error, without what differs by nature. */
export async function outcome(answer: Promise<Answer>): Promise<Answer> {
  try {
    return comparable(await answer);
  } catch (error) {
    const { code, details } = error as ServiceError;
    if (code === undefined) throw error;
    return { code, details };
  }
}

function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, content]) => {
      if (field === "header") return [field, content && (content as ResponseHeader).revision];
      if (field === "TTL") return [field, (content as bigint) > 0n];
      if (field === "keys" || field === "leases") return [field, (content as unknown[]).map(fc.stringify).sort()];
      return [field, comparable(content)];
    }),
  );
}
