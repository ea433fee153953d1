/** What one source tells of one service, or of one instance of it. Counts are since the start of the process. */
export interface Counts {
  readonly calls: number;
  readonly failures: number;
  /** Undefined where the source does not tell. */
  readonly inFlight?: number | undefined;
  readonly p50Ms?: number | undefined;
  readonly p99Ms?: number | undefined;
  /** As the balancer expects the next call. */
  readonly expectedMs?: number | undefined;
}

export interface InstanceCounts extends Counts {
  readonly address: string;
  /** In a word, for example `serving`. */
  readonly state?: string | undefined;
  /** False for sources that count by service only. */
  readonly counted: boolean;
}

export interface ServiceCounts extends Counts {
  /** Whether the process calls it or serves it. */
  readonly side: "calls" | "serves";
  readonly service: string;
  /** Which channel or server of the source, where it has several of one service. */
  readonly which?: number | string | undefined;
  readonly state?: string | undefined;
  readonly instances: readonly InstanceCounts[];
}

/** What a source tells. */
export interface Told {
  readonly services: readonly ServiceCounts[];
  /** The port of this machine at which it was told; undefined for other machines, and for what is no port. */
  readonly port?: number | undefined;
  /** Ports of this machine at which the same process tells of its calls once more. */
  readonly otherPorts?: readonly number[] | undefined;
}

/** Something that can be asked again and again. */
export interface Source {
  /** Its own among the sources. */
  readonly name: string;
  /** @throws Error when it does not answer. */
  read(): Promise<Told>;
}
