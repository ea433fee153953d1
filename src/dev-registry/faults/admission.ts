import type { Metadata, status } from "@grpc/grpc-js";
import { Access } from "../access.js";
import { EtcdError, noLeader } from "../errors.js";

/** A failure that the next calls are to meet. */
interface PlannedFailure {
  readonly error: EtcdError;
  readonly method: string | undefined;
  times: number;
}

/** What etcd asks of a caller once authentication is enabled; methods that are not here are open to all. */
const NEEDS: Readonly<Record<string, "user" | "no bad token">> = {
  Range: "user",
  Put: "user",
  DeleteRange: "user",
  Txn: "user",
  Compact: "no bad token",
  LeaseGrant: "no bad token",
  LeaseRevoke: "no bad token",
};

/** Every call passes here first: it decides whether the call is refused, by a fault that was asked for or for lack of a token. */
export class Admission {
  readonly access: Access;
  leaderless = false;
  #planned: PlannedFailure[] = [];

  /** @param access Default: its own. Members of one cluster share it. */
  constructor(access = new Access()) {
    this.access = access;
  }

  plan(code: status, details: string, method: string | undefined, times: number): void {
    this.#planned.push({ error: new EtcdError(code, details), method, times });
  }

  /** @throws EtcdError when the call is refused. */
  check(method: string, metadata: Metadata): void {
    if (this.leaderless) throw noLeader();
    const planned = this.#planned.find((failure) => failure.method === undefined || failure.method === method);
    if (planned) {
      planned.times -= 1;
      if (planned.times <= 0) this.#planned = this.#planned.filter((failure) => failure !== planned);
      throw planned.error;
    }
    const needs = NEEDS[method];
    if (needs) this.access.check(metadata, needs === "user");
  }
}
