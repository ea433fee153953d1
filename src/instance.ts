/** One place where a service answers. */
export interface Instance {
  /** `host:port`; the host is an IP address or a name, an IPv6 address is written in brackets. Unique within a service. */
  readonly address: string;
  /** Relative share of the traffic this instance should carry, a positive number. Default 1. */
  readonly weight?: number;
  /** Failure domain, for example a cloud zone. No default: an instance without one is in no zone. */
  readonly zone?: string;
  /** Whatever else the instance says of itself, for example `version`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Whether two instances say the same of themselves, extra facts included. */
export function sameInstance(a: Instance, b: Instance): boolean {
  return a.address === b.address && a.weight === b.weight && a.zone === b.zone && sameMetadata(a.metadata, b.metadata);
}

function sameMetadata(a: Instance["metadata"] = {}, b: Instance["metadata"] = {}): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
