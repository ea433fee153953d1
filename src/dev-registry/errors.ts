import { status } from "@grpc/grpc-js";

/** An answer that is an error, with the code and the words of etcd's own (api/v3rpc/rpctypes/error.go). */
export class EtcdError extends Error {
  readonly code: status;

  constructor(code: status, details: string) {
    super(details);
    this.code = code;
  }

  /** As Go prints it, which is how etcd words the reason of a watch it refuses. */
  override toString(): string {
    const name = status[this.code].toLowerCase().replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase());
    return `rpc error: code = ${name} desc = ${this.message}`;
  }
}

const error = (code: status, text: string) => () => new EtcdError(code, `etcdserver: ${text}`);

export const emptyKey = error(status.INVALID_ARGUMENT, "key is not provided");
export const keyNotFound = error(status.INVALID_ARGUMENT, "key not found");
export const valueProvided = error(status.INVALID_ARGUMENT, "value is provided");
export const leaseProvided = error(status.INVALID_ARGUMENT, "lease is provided");
export const tooManyOperations = error(status.INVALID_ARGUMENT, "too many operations in txn request");
export const duplicateKey = error(status.INVALID_ARGUMENT, "duplicate key given in txn request");
export const invalidSortOption = error(status.INVALID_ARGUMENT, "invalid sort option");
export const requestTooLarge = error(status.INVALID_ARGUMENT, "request is too large");
export const compacted = error(status.OUT_OF_RANGE, "mvcc: required revision has been compacted");
export const futureRevision = error(status.OUT_OF_RANGE, "mvcc: required revision is a future revision");
export const leaseNotFound = error(status.NOT_FOUND, "requested lease not found");
export const leaseExists = error(status.FAILED_PRECONDITION, "lease already exists");
export const leaseTtlTooLarge = error(status.OUT_OF_RANGE, "too large lease TTL");
export const authenticationNotEnabled = error(status.FAILED_PRECONDITION, "authentication is not enabled");
export const authenticationFailed = error(
  status.INVALID_ARGUMENT,
  "authentication failed, invalid user ID or password",
);
export const userNameEmpty = error(status.INVALID_ARGUMENT, "user name is empty");
export const invalidAuthToken = error(status.UNAUTHENTICATED, "invalid auth token");
export const noLeader = error(status.UNAVAILABLE, "no leader");
