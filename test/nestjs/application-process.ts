import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export type NestKind = "microservice" | "hybrid" | "http";

/** A Nest application in a process of its own. */
export interface ApplicationProcess {
  readonly pid: number;
  /** What it wrote to standard error. */
  readonly errors: string;
  /** Resolves with the exit status, or the signal's name. */
  end(how: "SIGTERM" | "app.close()" | "SIGKILL"): Promise<number | string>;
}

/**
 * Starts programs/application.ts; resolves when it is listed. It never outlives the test.
 * @param program what to give to Node.
 */
export async function startApplication(
  program: readonly string[],
  kind: NestKind,
  key: string,
  etcd: string,
  cwd = process.cwd(),
): Promise<ApplicationProcess> {
  const proto = `${process.cwd()}/examples/order/order.proto`;
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, [...program, kind, key, proto], {
    cwd,
    env: { ...env, ETCD: etcd, ROLLCALL_LOG_LEVEL: "warn" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    errors += text;
  });
  const exited = once(child, "exit").then(([code, signal]) => {
    process.removeListener("exit", kill);
    return (signal ?? code) as number | string;
  });
  await new Promise<void>((resolve, reject) => {
    createInterface(child.stdout).once("line", () => resolve());
    void exited.then((how) => reject(new Error(`the application ended (${how}) before it was listed:\n${errors}`)));
  });
  return {
    pid: child.pid!,
    get errors() {
      return errors;
    },
    end(how) {
      if (how === "app.close()") child.stdin.write("close\n");
      else child.kill(how);
      return exited;
    },
  };
}
