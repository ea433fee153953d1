import { isMainThread } from "node:worker_threads";
import { log } from "../log.js";

/** What a signal stops. */
export interface Stoppable {
  /** Never rejects. */
  stop(): Promise<void>;
  /** Ends everything now. */
  kill(): void;
}

const SIGNALS = { SIGTERM: 15, SIGINT: 2 } as const;
type Signal = keyof typeof SIGNALS;

/** Ctrl-C reaches a process twice when npm or the like runs it: from the terminal, and passed on. Milliseconds. */
const SAME_CTRL_C_MS = 100;

const running = new Set<Stoppable>();
let stopping: Stopping | undefined;

interface Stopping {
  readonly signal: Signal;
  readonly at: number;
  /** How many listen for the signal beside us, once all have heard it. */
  others: number;
  /** Whether somebody listens to it once: who does is no listener any more when called. */
  readonly onceHeard: boolean;
}

/**
 * Stops the server on SIGTERM or SIGINT, together with the process's other servers; then the process exits with status 0
 * (or process.exitCode), unless the application listens for the signal itself and so decides. A second signal ends all at
 * once, with the status that shells give a killed process (128 + the signal's number); but one that another listener raises when
 * it is done ends nothing that is still at work.
 * @returns leaves the server to itself again.
 */
export function stopOnSignals(server: Stoppable): () => void {
  if (!isMainThread) {
    log.warn(
      {},
      "this server runs in a worker thread, which gets no signals: on SIGTERM let the main thread ask it for stop(); signals: false silences this",
    );
    return () => {};
  }
  // Before the others, so that those who listen once are still to be seen.
  if (running.size === 0 && !stopping) for (const signal of names()) process.prependListener(signal, onSignal);
  running.add(server);
  return () => {
    running.delete(server);
    if (running.size === 0 && !stopping) removeListeners();
  };
}

function onSignal(heard: NodeJS.Signals): void {
  const signal = heard as Signal; // it listens for no other
  const now = performance.now();
  if (!stopping) {
    const begun = { signal, at: now, others: 0, onceHeard: process.rawListeners(signal).some(isOnce) };
    stopping = begun;
    queueMicrotask(() => {
      begun.others = othersListening(signal);
    });
    log.info({ signal, servers: running.size }, `${signal}: stopping gracefully; a second signal ends at once`);
    void stopAll(begun);
  } else if (isRaisedAgain(stopping, signal)) {
    log.debug({ signal, servers: running.size }, `${signal} again, from a listener that is done: stopping goes on`);
  } else if (signal !== "SIGINT" || stopping.signal !== "SIGINT" || now - stopping.at > SAME_CTRL_C_MS) {
    log.warn({ signal, servers: running.size }, `${signal} again: ending at once`);
    for (const server of running) server.kill();
    process.exit(128 + SIGNALS[signal]);
  }
}

/**
 * Who ends a process gracefully takes its listeners away when it is done, and raises the signal again for the process to die of it:
 * NestJS and signal-exit do. Nobody else means the process to end at once, then.
 */
function isRaisedAgain(begun: Stopping, signal: Signal): boolean {
  if (signal !== begun.signal) return false;
  const others = othersListening(signal);
  const isDone = others < begun.others;
  begun.others = others;
  return isDone;
}

/** Of a listener as Node keeps it: one that was given to once() stands in for it. */
function isOnce(listener: object): boolean {
  return "listener" in listener;
}

/** How many listen for a signal beside this module. */
function othersListening(signal: Signal): number {
  return process.listenerCount(signal) - 1;
}

async function stopAll({ signal, onceHeard }: Stopping): Promise<void> {
  // A server may be started while the others stop; it stops as well.
  while (running.size > 0) await Promise.all([...running].map((server) => server.stop()));
  const others = onceHeard || othersListening(signal) > 0;
  stopping = undefined;
  removeListeners();
  if (!others) process.exit();
}

function removeListeners(): void {
  for (const signal of names()) process.removeListener(signal, onSignal);
}

function names(): Signal[] {
  return Object.keys(SIGNALS) as Signal[];
}
