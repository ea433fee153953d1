import {
  AuthenticateRequest,
  AuthenticateResponse,
  DeleteRangeRequest,
  DeleteRangeResponse,
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseRevokeRequest,
  LeaseRevokeResponse,
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  StatusRequest,
  StatusResponse,
  TxnRequest,
  TxnResponse,
  WatchRequest,
  WatchResponse,
} from "../proto/etcd.js";
import type { Method } from "./rpc/call.js";

interface Encoder<T> {
  encode(message: T): { finish(): Uint8Array };
}
interface Decoder<T> {
  decode(bytes: Uint8Array): T;
}

function method<Req, Res>(path: string, request: Encoder<Req>, response: Decoder<Res>): Method<Req, Res> {
  return {
    path: `/etcdserverpb.${path}`,
    requestSerialize: (message) => request.encode(message).finish(),
    responseDeserialize: (bytes) => response.decode(bytes),
  };
}

/** What this client calls of etcd's services (proto/etcd-services.proto), without grpc-js. */
export const KVService = {
  range: method("KV/Range", RangeRequest, RangeResponse),
  put: method("KV/Put", PutRequest, PutResponse),
  deleteRange: method("KV/DeleteRange", DeleteRangeRequest, DeleteRangeResponse),
  txn: method("KV/Txn", TxnRequest, TxnResponse),
};

/** A stream of requests and answers. */
export const WatchService = { watch: method("Watch/Watch", WatchRequest, WatchResponse) };

/** `leaseKeepAlive` is a stream of requests and answers. */
export const LeaseService = {
  leaseGrant: method("Lease/LeaseGrant", LeaseGrantRequest, LeaseGrantResponse),
  leaseRevoke: method("Lease/LeaseRevoke", LeaseRevokeRequest, LeaseRevokeResponse),
  leaseKeepAlive: method("Lease/LeaseKeepAlive", LeaseKeepAliveRequest, LeaseKeepAliveResponse),
  leaseTimeToLive: method("Lease/LeaseTimeToLive", LeaseTimeToLiveRequest, LeaseTimeToLiveResponse),
};

export const MaintenanceService = { status: method("Maintenance/Status", StatusRequest, StatusResponse) };

export const AuthService = { authenticate: method("Auth/Authenticate", AuthenticateRequest, AuthenticateResponse) };
