import { quote } from "../../../address.js";
import type { Instance } from "../../../instance.js";
import { kratosLayout } from "./kratos.js";
import { attributesValue } from "./value.js";

/** Whose way of writing instances into etcd is followed. */
export type EtcdLayout = "go-zero" | "kratos" | "kratos-tls";

/** How the instances of a service stand in etcd. */
export interface Layout {
  /** Time to live of a registration unless the settings say otherwise, in seconds. */
  readonly ttlSeconds: number;
  /** Where the instances of a service stand: the part of their keys before the slash and the id. */
  path(service: string): string;
  /** What stands under an instance's key. */
  value(path: string, id: string, instance: Instance): Buffer;
  /**
   * What stands under a key of its own because `value` has no place for it; undefined when there is nothing.
   * @param since when it is registered, in milliseconds since the epoch.
   */
  attributes(instance: Instance, since: number): Buffer | undefined;
  /** What an operator writes to pause the instance; readers of the service must not stumble over it. */
  pauseValue(path: string, id: string, address: string): Buffer;
  /** The name that instances in JSON must carry to be of this service; undefined where any does. */
  nameIn(path: string): string | undefined;
}

/** `<service>/<id>` = `host:port`. */
const goZeroLayout: Layout = {
  ttlSeconds: 10,
  path: (service) => service,
  value: (_path, _id, { address }) => Buffer.from(address),
  attributes: attributesValue,
  pauseValue: (_path, _id, address) => Buffer.from(address),
  nameIn: () => undefined,
};

const LAYOUTS: Readonly<Record<EtcdLayout, Layout>> = {
  "go-zero": goZeroLayout,
  kratos: kratosLayout("grpc"),
  "kratos-tls": kratosLayout("grpcs"),
};

/** Where the instances of a service stand in etcd, in the layout of the settings: their keys without the slash and the id. */
export function servicePath({ layout }: { readonly layout?: EtcdLayout | undefined }, service: string): string {
  return layoutOf(layout).path(service);
}

/** @throws TypeError that names those there are. */
export function layoutOf(name: string = "go-zero"): Layout {
  const known = name.toLowerCase();
  if (Object.hasOwn(LAYOUTS, known)) return LAYOUTS[known as EtcdLayout];
  throw new TypeError(`Etcd.Layout is ${quote(name)}; expected one of ${Object.keys(LAYOUTS).join(", ")}`);
}
