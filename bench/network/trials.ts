import { KEY, line, program, Server, type Stage } from "./stage.js";

/** Something that happens to a network while calls are made. */
export interface Trial {
  /** For the table. */
  readonly fault: string;
  /** Of each call, in milliseconds; 0 is none. */
  readonly deadlineMs: number;
  /** Lists an instance that is no good, before anybody calls: the fault is there from the first call on. */
  readonly spoil?: (stage: Stage) => Promise<string>;
  /** How long nobody calls before the fault, in milliseconds. */
  readonly restMs?: number;
  readonly begin?: (stage: Stage) => void;
  readonly lastsMs: number;
  readonly end?: (stage: Stage) => void | Promise<void>;
  /** How long calls go on after the end of the fault, in milliseconds. */
  readonly afterMs?: number;
  /** The instance that the fault hits, where it is one. */
  readonly victim?: (stage: Stage) => string;
}

const powerOff = {
  begin: (stage: Stage) => stage.servers[0]!.powerOff(),
  lastsMs: 20_000,
  end: (stage: Stage) => stage.servers[0]!.powerOn(),
  afterMs: 25_000,
  victim: (stage: Stage) => stage.servers[0]!.address,
};

const firewall = {
  restMs: 15_000,
  begin: (stage: Stage) => {
    for (const { host } of stage.servers) host.forgetConnections();
    stage.registryHost.forgetConnections();
  },
  lastsMs: 25_000,
};

function loss(share: number): Trial {
  return {
    fault: `${share * 100} % of all packets are lost, each way; deadline 2 s`,
    deadlineMs: 2_000,
    begin: ({ servers, registryHost }) => {
      for (const host of [...servers.map((server) => server.host), registryHost]) host.lose(share);
    },
    lastsMs: 20_000,
  };
}

/** By the name that `--trials` takes. */
export const trials: Readonly<Record<string, Trial>> = {
  power: { fault: "one of three hosts loses its power for 20 s; deadline 1 s", deadlineMs: 1_000, ...powerOff },
  powerEndless: { fault: "the same, calls without a deadline", deadlineMs: 0, ...powerOff },
  partition: {
    fault: "all are cut off from etcd for 30 s (TTL 10 s); deadline 1 s",
    deadlineMs: 1_000,
    begin: ({ registryHost }) => registryHost.silence(),
    lastsMs: 30_000,
    end: ({ registryHost }) => registryHost.heal(),
    afterMs: 15_000,
  },
  firewall: {
    fault: "a firewall forgets all connections while they are idle; deadline 2 s",
    deadlineMs: 2_000,
    ...firewall,
  },
  firewallEndless: { fault: "the same, calls without a deadline", deadlineMs: 0, ...firewall },
  loss2: loss(0.02),
  loss10: loss(0.1),
  blackHole: {
    fault: "a fourth instance is listed that accepts connections and says nothing; deadline 1 s",
    deadlineMs: 1_000,
    spoil: async (stage) => {
      const host = stage.addHost();
      const address = `${host.ip}:8080`;
      const child = program(host, "bench/network/black-hole.ts", [stage.registry, KEY, address]);
      await line(child, child.stdout!, /up/);
      return address;
    },
    lastsMs: 15_000,
  },
  wrongInterface: {
    fault: "a fourth instance is listed with an address that leads nowhere; deadline 1 s",
    deadlineMs: 1_000,
    spoil: async (stage) => {
      const host = stage.addHost();
      const server = new Server(host, stage.registry, "172.30.0.1");
      // As where a host registers its container bridge: packets for it go somewhere, and nobody says that it is wrong.
      stage.callers.configure("route", "add", "172.30.0.0/16", "via", host.ip);
      await server.start();
      return server.address;
    },
    lastsMs: 15_000,
  },
};
