/** The part of a discovery.k8s.io/v1 EndpointSlice that is read here. Absent fields may also be null. */
export interface EndpointSlice {
  readonly addressType?: string;
  readonly ports?: readonly SlicePort[] | null;
  readonly endpoints?: readonly Endpoint[] | null;
}

export interface SlicePort {
  readonly name?: string | null;
  readonly port?: number | null;
  readonly protocol?: string | null;
}

export interface Endpoint {
  readonly addresses?: readonly string[] | null;
  readonly conditions?: {
    readonly ready?: boolean | null;
    readonly serving?: boolean | null;
    readonly terminating?: boolean | null;
  } | null;
  readonly nodeName?: string | null;
  readonly zone?: string | null;
  readonly targetRef?: { readonly kind?: string; readonly name?: string } | null;
  readonly hints?: { readonly forZones?: readonly { readonly name?: string }[] | null } | null;
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** What is no list is an empty one. */
export function list<T>(items: readonly T[] | null | undefined): readonly T[] {
  return Array.isArray(items) ? (items as readonly T[]) : [];
}
