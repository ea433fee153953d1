import { type ExecFileException, execFile } from "node:child_process";
import type { Socket } from "node:net";
import { Deadline } from "../../../async/deadline.js";

/**
 * A user's `exec` in a kubeconfig: a program that prints credentials.
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins)
 */
export interface ExecConfig {
  command?: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly installHint?: string;
}

/** The status of an ExecCredential. */
export interface ExecCredential {
  readonly token?: string;
  /** PEM, both or neither. */
  readonly clientCertificateData?: string;
  readonly clientKeyData?: string;
  readonly expirationTimestamp?: string;
}

/** How long a run may take, in milliseconds: programs may wait until somebody has logged in by a browser. */
const RUN_MS = 300_000;

/**
 * Runs such a program, once for all who ask meanwhile, and again when its credential has expired; one that does not say when it
 * expires is used until it is refused. A run keeps no process alive, but whoever waits for it may.
 */
export class ExecProgram {
  readonly #config: ExecConfig;
  readonly #runMs: number;
  #credential: ExecCredential | undefined;
  #running: Promise<ExecCredential> | undefined;
  #stop = new AbortController();

  constructor(config: ExecConfig, runMs = RUN_MS) {
    this.#config = config;
    this.#runMs = runMs;
  }

  /** What it has given, while that can be used. */
  get current(): ExecCredential | undefined {
    // What is no date, or none at all, compares as not over.
    const over = Date.parse(this.#credential?.expirationTimestamp ?? "") <= Date.now();
    return over ? undefined : this.#credential;
  }

  /** @throws Error that shows nothing of what the program has printed as its credential. */
  async credential(): Promise<ExecCredential> {
    if (this.current) return this.current;
    this.#running ??= this.#run();
    const running = this.#running;
    const ended = () => {
      if (this.#running === running) this.#running = undefined;
    };
    running.then(ended, ended);
    return running;
  }

  /** Ends a run that is under way; who waits for it gets an error. */
  stop(): void {
    this.#stop.abort(new Error("was ended, because nobody needs them any more"));
    this.#stop = new AbortController();
    this.#running = undefined; // who asks from now on is given a run that lasts
  }

  async #run(): Promise<ExecCredential> {
    const deadline = new Deadline(this.#stop.signal);
    deadline.set(this.#runMs, `has not ended within ${this.#runMs} ms`);
    try {
      this.#credential = readCredential(await output(this.#config, deadline.signal));
      return this.#credential;
    } catch (error) {
      const { message } = deadline.signal.aborted ? deadline.signal.reason : (error as Error);
      throw new Error(`the program ${this.#config.command} that gives credentials ${message}`);
    } finally {
      deadline.clear();
    }
  }
}

/** What the program has printed when it has ended well. Aborting the signal kills it. */
function output({ command = "", args, env, installHint }: ExecConfig, signal: AbortSignal): Promise<string> {
  const variables = Object.fromEntries((env ?? []).map(({ name, value }) => [name, String(value)]));
  const options = { env: { ...process.env, ...variables }, signal, killSignal: "SIGKILL" } as const;
  return new Promise((resolve, reject) => {
    const child = execFile(command, (args ?? []).map(String), options, (error, stdout, stderr) => {
      if (error) reject(new Error(reasonOf(error, stderr, installHint)));
      else resolve(stdout);
    });
    // It has nobody to ask.
    child.stdin?.end();
    child.unref();
    for (const pipe of [child.stdout, child.stderr]) (pipe as Socket | null)?.unref();
  });
}

/** @throws Error without a word of the text, which may hold a token. */
function readCredential(text: string): ExecCredential {
  const credential = statusOf(text);
  const { token, clientCertificateData, clientKeyData } = credential;
  const has = (value: unknown) => typeof value === "string" && value !== "";
  if (!has(token) && !(has(clientCertificateData) && has(clientKeyData))) {
    throw new Error("printed no ExecCredential (JSON) with a token or a certificate and its key");
  }
  return credential;
}

function statusOf(text: string): ExecCredential {
  try {
    return (JSON.parse(text) as { status?: ExecCredential }).status ?? {};
  } catch {
    return {}; // told as any other output that is none
  }
}

/** Node's code for an output that it keeps no more of. */
const TOO_MUCH: ExecFileException["code"] = "ERR_CHILD_PROCESS_STDIO_MAXBUFFER";

/** In words of our own: in Node's error stand the arguments, which may be secrets. */
function reasonOf({ code, signal }: ExecFileException, stderr: string, installHint: string | undefined): string {
  // kubectl shows the same: where to get the program that is missing.
  if (code === "ENOENT") return installHint ? `is not there: ${installHint.trim()}` : "is not there";
  if (code === TOO_MUCH) return "printed too much: more than 1 MB";
  const words = stderr.trim() && `: ${stderr.trim()}`;
  return typeof code === "string" ? `cannot be run: ${code}` : `failed (${signal ?? `exit code ${code}`})${words}`;
}
