import assert from "node:assert/strict";
import { type ClientDuplexStream, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import {
  type AuthenticateResponse,
  CompactionRequest,
  type CompactionResponse,
  DeleteRangeRequest,
  type DeleteRangeResponse,
  LeaseGrantRequest,
  type LeaseGrantResponse,
  type LeaseKeepAliveRequest,
  type LeaseKeepAliveResponse,
  type LeaseLeasesResponse,
  type LeaseRevokeResponse,
  LeaseTimeToLiveRequest,
  type LeaseTimeToLiveResponse,
  type MemberListResponse,
  PutRequest,
  type PutResponse,
  RangeRequest,
  type RangeResponse,
  type RequestOp,
  type StatusResponse,
  TxnRequest,
  type TxnResponse,
  WatchCreateRequest,
  type WatchRequest,
  type WatchResponse,
} from "../../src/proto/etcd.js";
import {
  AuthClient,
  ClusterClient,
  KVClient,
  LeaseClient,
  MaintenanceClient,
  WatchClient,
} from "../../src/proto/etcd-services.js";

const LIMITS = { "grpc.max_receive_message_length": -1 };

/** The generated clients with nothing between them and the test but promises and requests that may leave fields out. */
export class EtcdClient {
  /** Sent with every call. */
  readonly metadata = new Metadata();
  readonly #kv: KVClient;
  readonly #lease: LeaseClient;
  readonly #watch: WatchClient;
  readonly #cluster: ClusterClient;
  readonly #maintenance: MaintenanceClient;
  readonly #auth: AuthClient;

  constructor(endpoint: string, channelCredentials = credentials.createInsecure()) {
    this.#kv = new KVClient(endpoint, channelCredentials, LIMITS);
    const sharing = { ...LIMITS, channelOverride: this.#kv.getChannel() };
    this.#lease = new LeaseClient(endpoint, channelCredentials, sharing);
    this.#watch = new WatchClient(endpoint, channelCredentials, sharing);
    this.#cluster = new ClusterClient(endpoint, channelCredentials, sharing);
    this.#maintenance = new MaintenanceClient(endpoint, channelCredentials, sharing);
    this.#auth = new AuthClient(endpoint, channelCredentials, sharing);
  }

  close(): void {
    this.#kv.close();
  }

  range(request: Partial<RangeRequest>): Promise<RangeResponse> {
    return answer((done) => this.#kv.range({ ...RangeRequest.create(), ...request }, this.metadata, done));
  }

  put(request: Partial<PutRequest>): Promise<PutResponse> {
    return answer((done) => this.#kv.put({ ...PutRequest.create(), ...request }, this.metadata, done));
  }

  deleteRange(request: Partial<DeleteRangeRequest>): Promise<DeleteRangeResponse> {
    return answer((done) => this.#kv.deleteRange({ ...DeleteRangeRequest.create(), ...request }, this.metadata, done));
  }

  txn(request: Partial<TxnRequest>): Promise<TxnResponse> {
    return answer((done) => this.#kv.txn({ ...TxnRequest.create(), ...request }, this.metadata, done));
  }

  compact(request: Partial<CompactionRequest>): Promise<CompactionResponse> {
    return answer((done) => this.#kv.compact({ ...CompactionRequest.create(), ...request }, this.metadata, done));
  }

  grant(request: Partial<LeaseGrantRequest>): Promise<LeaseGrantResponse> {
    return answer((done) => this.#lease.leaseGrant({ ...LeaseGrantRequest.create(), ...request }, this.metadata, done));
  }

  revoke(ID: bigint): Promise<LeaseRevokeResponse> {
    return answer((done) => this.#lease.leaseRevoke({ ID }, this.metadata, done));
  }

  timeToLive(request: Partial<LeaseTimeToLiveRequest>): Promise<LeaseTimeToLiveResponse> {
    const whole = { ...LeaseTimeToLiveRequest.create(), ...request };
    return answer((done) => this.#lease.leaseTimeToLive(whole, this.metadata, done));
  }

  leases(): Promise<LeaseLeasesResponse> {
    return answer((done) => this.#lease.leaseLeases({}, this.metadata, done));
  }

  keepAlive(): Conversation<LeaseKeepAliveRequest, LeaseKeepAliveResponse> {
    return new Conversation(this.#lease.leaseKeepAlive(this.metadata));
  }

  watch(): Watch {
    return new Watch(this.#watch.watch(this.metadata));
  }

  members(): Promise<MemberListResponse> {
    return answer((done) => this.#cluster.memberList({ linearizable: true }, this.metadata, done));
  }

  status(): Promise<StatusResponse> {
    return answer((done) => this.#maintenance.status({}, this.metadata, done));
  }

  authenticate(name: string, password: string): Promise<AuthenticateResponse> {
    return answer((done) => this.#auth.authenticate({ name, password }, this.metadata, done));
  }
}

/** A bidirectional stream, read one answer at a time. */
export class Conversation<Request, Response> {
  readonly call: ClientDuplexStream<Request, Response>;
  readonly #answers: AsyncIterator<Response>;

  constructor(call: ClientDuplexStream<Request, Response>) {
    this.call = call;
    this.#answers = call[Symbol.asyncIterator]();
  }

  send(request: Request): void {
    this.call.write(request);
  }

  /** The next answer; rejects when the stream ends instead. */
  async next(): Promise<Response> {
    const { value, done } = await this.#answers.next();
    if (done) throw new Error("the stream has ended");
    return value;
  }

  /** Cancels the call. */
  close(): void {
    this.call.on("error", () => {});
    this.call.cancel();
  }
}

export class Watch extends Conversation<WatchRequest, WatchResponse> {
  create(request: Partial<WatchCreateRequest>): void {
    const value = { ...WatchCreateRequest.create(), ...request };
    this.send({ requestUnion: { $case: "createRequest", value } });
  }

  cancel(watchId: bigint): void {
    this.send({ requestUnion: { $case: "cancelRequest", value: { watchId } } });
  }

  requestProgress(): void {
    this.send({ requestUnion: { $case: "progressRequest", value: {} } });
  }

  /** Creates a watch and awaits that the server has it. */
  async created(request: Partial<WatchCreateRequest>): Promise<WatchResponse> {
    this.create(request);
    const response = await this.next();
    assert.equal(response.created, true);
    return response;
  }

  /** Reads answers until so many events have come. */
  async events(count: number): Promise<WatchResponse["events"]> {
    const events: WatchResponse["events"] = [];
    while (events.length < count) events.push(...(await this.next()).events);
    return events;
  }
}

/** Operations of a transaction. */
export const op = {
  range: (request: Partial<RangeRequest>): RequestOp => ({
    request: { $case: "requestRange", value: { ...RangeRequest.create(), ...request } },
  }),
  put: (request: Partial<PutRequest>): RequestOp => ({
    request: { $case: "requestPut", value: { ...PutRequest.create(), ...request } },
  }),
  delete: (request: Partial<DeleteRangeRequest>): RequestOp => ({
    request: { $case: "requestDeleteRange", value: { ...DeleteRangeRequest.create(), ...request } },
  }),
  txn: (request: Partial<TxnRequest>): RequestOp => ({
    request: { $case: "requestTxn", value: { ...TxnRequest.create(), ...request } },
  }),
};

/** Asserts that a call fails with a code and, where given, exactly these words of etcd's. */
export async function fails(promise: Promise<unknown>, code: keyof typeof status, details?: string): Promise<void> {
  await assert.rejects(promise, (error: ServiceError) => {
    assert.equal(status[error.code], code, error.details);
    if (details !== undefined) assert.equal(error.details, details);
    return true;
  });
}

function answer<Response>(
  start: (done: (error: ServiceError | null, response: Response) => void) => unknown,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    start((error, response) => (error ? reject(error) : resolve(response)));
  });
}
