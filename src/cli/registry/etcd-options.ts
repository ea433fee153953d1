import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { EtcdError, type EtcdSettings, etcdSettings } from "../../backends/etcd/index.js";
import { Failure } from "../output.js";

/** How long a registry may take to answer before a command gives up, in milliseconds. */
export const ANSWER_LIMIT_MS = 5_000;

export interface EtcdOptions {
  readonly etcd: string;
  readonly user?: string;
  readonly passFile?: string;
  readonly cacert?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecureSkipTlsVerify?: boolean;
}

const DEFAULT_ETCD = "127.0.0.1:2379";

/** Adds the options that say which etcd is asked, named like etcdctl's. */
export function addEtcdOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--etcd <host:port,...>", "hosts of the etcd cluster").env("ETCD_ENDPOINTS").default(DEFAULT_ETCD),
    )
    .addOption(
      new Option("--user <name>", "user of etcd; its password is in $ETCD_PASS or --pass-file").env("ETCD_USER"),
    )
    .addOption(new Option("--pass-file <file>", "file with the password of etcd's user").env("ETCD_PASS_FILE"))
    .option("--cacert <file>", "PEM file of the authority that signed etcd's certificate")
    .option("--cert <file>", "PEM file of a client certificate")
    .option("--key <file>", "PEM file of the client certificate's key")
    .option("--insecure-skip-tls-verify", "take any certificate of etcd");
}

/** Reads the options; ends the command with a usage error when they are malformed. */
export function readEtcdOptions(options: EtcdOptions, command: Command): EtcdSettings {
  // As with every variable: `ETCD_ENDPOINTS=` is none.
  const isUnset = options.etcd.trim() === "" && command.getOptionValueSource("etcd") === "env";
  try {
    return etcdSettings({
      scheme: "etcd",
      hosts: (isUnset ? DEFAULT_ETCD : options.etcd).split(","),
      service: "",
      params: {},
      settings: {
        ...account(options),
        caCertFile: options.cacert,
        certFile: options.cert,
        certKeyFile: options.key,
        insecureSkipVerify: options.insecureSkipTlsVerify,
      },
    });
  } catch (error) {
    return command.error(`error: ${asOptions((error as Error).message)}`);
  }
}

/** The library names settings as YAML does; whoever typed a command has given options. */
const OPTIONS: Readonly<Record<string, string>> = {
  Hosts: "--etcd",
  User: "--user",
  Pass: "$ETCD_PASS",
  CACertFile: "--cacert",
  CertFile: "--cert",
  CertKeyFile: "--key",
  InsecureSkipVerify: "--insecure-skip-tls-verify",
};

function asOptions(message: string): string {
  return message.replace(/\bEtcd\.(\w+)/g, (name, key) => OPTIONS[key] ?? name);
}

/**
 * The user, and its password from the file, from `name:password` as etcdctl has it (which others of the machine can see in the
 * list of processes), or from the environment.
 * @throws Error that says which option cannot be obeyed.
 */
function account({ user = "", passFile }: EtcdOptions): { user: string; pass: string } | undefined {
  const [, name = "", given] = /^([^:]*)(?::(.*))?$/s.exec(user) ?? [];
  if (name === "") {
    if (given !== undefined)
      throw new Error("--user begins with a colon, so it names nobody: write name or name:password");
    if (passFile) throw new Error("--pass-file needs a user: give --user or $ETCD_USER");
    return undefined;
  }
  return { user: name, pass: (passFile ? passwordIn(passFile) : given) ?? process.env.ETCD_PASS ?? "" };
}

function passwordIn(file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`--pass-file ${file} cannot be read: ${code ?? (error as Error).message}`, { cause: error });
  }
}

/** Runs something that asks etcd, within the limit. @throws Failure in one line that says what was tried. */
export async function answerOf<T>(settings: EtcdSettings, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
  try {
    return await ask(signal);
  } catch (error) {
    throw signal.aborted ? noAnswer(settings) : failureOf(error as Error);
  }
}

export function noAnswer({ hosts }: EtcdSettings): Failure {
  return new Failure(`no answer within ${ANSWER_LIMIT_MS / 1000} s from etcd at ${hosts.join(", ")}; ${CHECK}`);
}

const CHECK = "check --etcd (or $ETCD_ENDPOINTS), and that etcd runs there";

/** What etcd, or the way to it, said, and what to do. */
export function failureOf(error: Error): Failure {
  const message = asOptions(error.message);
  return new Failure(isUnadvised(error) ? `${message}; ${CHECK}` : message);
}

/** Of a connection that failed, with each host where there are several, and no word of what to do. */
function isUnadvised(error: Error): boolean {
  if (error instanceof AggregateError) return error.errors.every(isUnadvised);
  return error instanceof EtcdError && error.code === UNAVAILABLE && !error.message.includes("; ");
}

/** gRPC's status code. */
const UNAVAILABLE = 14;
