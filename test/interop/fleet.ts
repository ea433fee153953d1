import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type * as grpc from "@grpc/grpc-js";
import {
  createClient,
  createServer,
  loadConfig,
  rpcClientConfig,
  rpcServerConfig,
  type Server,
  type ServerSettings,
} from "../../src/index.js";
import { freePort } from "../support/network/ports.js";
import { type Etcd, startEtcd } from "../support/real-parts/etcd.js";
import {
  type ServerProcess,
  startGozeroClient,
  startGozeroServer,
  startNodeServer,
} from "../support/real-parts/gozero.js";
import type { Traffic } from "../support/traffic.js";
import { Echo, type EchoClient, echoHandlers } from "./echo.js";

/** A server of the fleet; whatever it is made with, its YAML is the same. */
export interface Member {
  readonly address: string;
  stop(): Promise<void>;
}

export interface ProcessMember extends Member, ServerProcess {}

export type Kind = "go-zero" | "Rollcall";

/** On a machine that is busy elsewhere servers of either kind would send callers away, as full ones do, or answer too late. */
const NOT_FULL = "CpuThreshold: 0";
const PATIENT = "Timeout: 60000";

/** Those of these lines whose key is not given already. */
function unlessGiven(more: string, ...lines: string[]): string {
  return lines.filter((line) => !new RegExp(`^${line.split(":")[0]}:`, "m").test(more)).join("\n");
}

/**
 * A registry of the test's own, and what starts members of the service order.rpc on it; all of it ends with the test.
 * What the functions take as `more` is YAML: further keys of the file, for a client of its OrderRpc section.
 */
export async function fleet(t: TestContext, start: () => Promise<Pick<Etcd, "endpoint" | "stop">> = startEtcd) {
  const etcd = await start();
  const folder = mkdtempSync(join(tmpdir(), "rollcall-fleet-"));
  const closers: (() => unknown)[] = [];
  t.after(async () => {
    await Promise.all(closers.map((close) => close()));
    await etcd.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const serverYaml = (port: number, more: string) => `
Name: order.rpc
ListenOn: 127.0.0.1:${port}
${unlessGiven(more, NOT_FULL, PATIENT)}
Etcd:
  Hosts:
    - ${etcd.endpoint}
  Key: order.rpc
${more}
`;
  const clientYaml = (more: string) => `
OrderRpc:
  ${unlessGiven(more, PATIENT)}
  Etcd:
    Hosts:
      - ${etcd.endpoint}
    Key: order.rpc
${more.replace(/^/gm, "  ")}
`;
  const write = (name: string, yaml: string) => {
    const file = join(folder, name);
    writeFileSync(file, yaml);
    return file;
  };

  /** A server in a process of its own, made with either; on the port given, else on any. */
  const serverProcess = async (kind: Kind, more = "", port?: number, ...args: string[]): Promise<ProcessMember> => {
    const listenOn = port ?? (await freePort());
    const yaml = serverYaml(listenOn, more);
    const started = await (kind === "go-zero" ? startGozeroServer(yaml, ...args) : startNodeServer(yaml));
    closers.push(started.kill);
    return { ...started, address: `127.0.0.1:${listenOn}` };
  };

  return {
    etcd,
    serverProcess,
    gozeroServer: (more = "", ...args: string[]) => serverProcess("go-zero", more, undefined, ...args),
    gozeroClient(more = "", ...args: string[]): Traffic {
      const { traffic, stop } = startGozeroClient(clientYaml(more), ...args);
      closers.push(stop);
      return traffic;
    },
    /** A Rollcall server in this process. */
    async server(
      more = "",
      onCall?: (metadata: grpc.Metadata) => void,
      settings: ServerSettings = {},
    ): Promise<Member & Pick<Server, "pause" | "resume">> {
      const config = await loadConfig(write("server.yaml", serverYaml(0, more)), rpcServerConfig);
      const server: Server = createServer(
        config,
        (s) =>
          s.addService(
            Echo.service,
            echoHandlers(() => server.address!, onCall),
          ),
        { signals: false, ...settings },
      );
      await server.start();
      closers.push(() => server.stop());
      return {
        address: server.address!,
        stop: () => server.stop(),
        pause: () => server.pause(),
        resume: () => server.resume(),
      };
    },
    /** A Rollcall client in this process. */
    async nodeClient(more = ""): Promise<EchoClient> {
      const file = write("client.yaml", clientYaml(more));
      const { OrderRpc } = await loadConfig(file, rpcServerConfig.pick({}).extend({ OrderRpc: rpcClientConfig }));
      const client = createClient(Echo, OrderRpc);
      closers.push(() => client.close());
      return client;
    },
  };
}
