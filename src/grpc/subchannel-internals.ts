/**
 * What grpc-js keeps private in its subchannels and Rollcall cannot do without: the same in 1.13.5 and 1.14.7. Everything here
 * is looked for before it is used; where it is missing the behaviour is that of plain grpc-js.
 */
import { type ClientHttp2Session, constants } from "node:http2";
import { Metadata, connectivityState as State } from "@grpc/grpc-js";
import { askByFrame } from "../async/ask-http2.js";
import { destroySoon } from "../async/end-http2.js";
import {
  type Leaf,
  PickResultType,
  type StatusObject,
  type Subchannel,
  type SubchannelAddress,
} from "./shield/experimental.js";

interface Http2Transport {
  readonly session?: ClientHttp2Session;
  readonly activeCalls?: ReadonlySet<unknown>;
  removeActiveCall?(call: unknown): void;
}

interface RealSubchannel {
  readonly transport?: Http2Transport | null;
  readonly subchannelAddress?: object;
  readonly connector?: { readonly session?: ClientHttp2Session | null };
  resetBackoff?(): void;
}

function real(subchannel: Subchannel): RealSubchannel {
  return subchannel.getRealSubchannel() as unknown as RealSubchannel;
}

interface Http2Call {
  readonly http2Stream?: { readonly closed: boolean };
}

/** Calls of Rollcall's own, by connection, which grpc-js counts no longer; those that are over are forgotten at the next count. */
const ownCalls = new WeakMap<Http2Transport, Set<Http2Call>>();

/**
 * Makes a call of Rollcall's own (a health Watch, a probe) no reason for the process to stay alive: grpc-js holds it while
 * any call runs on a connection. The call itself is not touched.
 */
export function letProcessEnd(subchannel: Subchannel, call: unknown): void {
  const { transport } = real(subchannel);
  if (!transport?.removeActiveCall) return;
  transport.removeActiveCall(call);
  const own = ownCalls.get(transport);
  if (own) own.add(call as Http2Call);
  else ownCalls.set(transport, new Set([call as Http2Call]));
}

/** What channels have in common that share this connection; undefined without one. */
export function sharedConnection(subchannel: Subchannel): object | undefined {
  return real(subchannel).transport ?? undefined;
}

/** How many streams the server allows on this connection at a time. Known a moment after grpc-js says that it is ready. */
export function streamLimit(subchannel: Subchannel): number {
  return real(subchannel).transport?.session?.remoteSettings?.maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
}

/** How many more calls the server allows now; below 0 so many wait for one that runs. */
export function streamsLeft(subchannel: Subchannel): number {
  const { transport } = real(subchannel);
  const running = transport?.activeCalls?.size ?? 0;
  return streamLimit(subchannel) - running - (transport ? ownStreams(transport) : 0);
}

function ownStreams(transport: Http2Transport): number {
  const own = ownCalls.get(transport) ?? new Set();
  for (const call of own) if (call.http2Stream?.closed !== false) own.delete(call);
  return own.size;
}

/** Asks by a frame that needs no stream. @returns gives up asking; undefined when that cannot be asked. */
export function askConnection(subchannel: Subchannel, answered: () => void): (() => void) | undefined {
  const session = real(subchannel).transport?.session;
  if (!session || session.destroyed) return undefined;
  return askByFrame(session, (error) => {
    if (!error) answered();
  });
}

/** What ends the socket that is dialled to an address; as grpc-js hands the address to net.connect, a `signal` in it is obeyed. */
const dials = new WeakMap<object, AbortController>();

/** The address, so that an attempt to connect to it can be given up from its first packet on. */
export function abandonable(address: SubchannelAddress): SubchannelAddress {
  if (!("port" in address)) return address;
  const { host, port } = address;
  const dialled = {
    host,
    port,
    /** Read for each attempt. */
    get signal() {
      const dial = new AbortController();
      dials.set(dialled, dial);
      return dial.signal;
    },
  };
  return dialled;
}

/** Gives up an attempt to connect: grpc-js would keep its socket, for ever if the far side accepts and says nothing. */
export function abandonDial(subchannel: Subchannel): void {
  if (subchannel.getConnectivityState() !== State.CONNECTING) return;
  const { connector, subchannelAddress } = real(subchannel);
  if (connector?.session) destroySoon(connector.session);
  else if (subchannelAddress) dials.get(subchannelAddress)?.abort();
}

/**
 * grpc-js keeps a subchannel for a while after its last use, its backoff included. An instance that has just been listed
 * is dialled at once, whatever an earlier connection to its address met.
 */
export function withoutBackoff(subchannel: Subchannel): Subchannel {
  if (subchannel.getConnectivityState() === State.TRANSIENT_FAILURE) real(subchannel).resetBackoff?.();
  return subchannel;
}

/** The connection that a ready leaf sends its calls to. */
export function subchannelOf(leaf: Leaf): Subchannel | undefined {
  const picked = leaf.getPicker().pick({ metadata: new Metadata(), extraPickInfo: {} });
  return picked.pickResultType === PickResultType.COMPLETE ? (picked.subchannel ?? undefined) : undefined;
}

/**
 * The end of a call that its server has not looked at, as grpc-js knows it: by the code of the stream. It then makes the call
 * once more, on another pick, without a retry policy. Where it does not know that any more, the call just ends.
 */
export function asRefused(end: StatusObject): StatusObject {
  return { ...end, rstCode: constants.NGHTTP2_REFUSED_STREAM } as StatusObject;
}
