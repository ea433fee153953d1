import { log } from "../log.js";

/** What a signal stops. */
export interface Stoppable {
  stop(): Promise<void>;
  /** Ends everything now. */
  kill(): void;
}

const SIGNALS = { SIGTERM: 15, SIGINT: 2 } as const;
type Signal = keyof typeof SIGNALS;

const running = new Set<Stoppable>();
let stopping = false;

/**
 * Stops the server on SIGTERM or SIGINT, together with the process's other servers; then the process exits with status 0,
 * unless the application listens for the signal itself and so decides. A second signal ends all at once, with the status
 * that shells give a killed process (128 + the signal's number).
 * @returns leaves the server to itself again.
 */
export function stopOnSignals(server: Stoppable): () => void {
  if (running.size === 0) for (const signal of names()) process.on(signal, onSignal);
  running.add(server);
  return () => {
    running.delete(server);
    if (running.size === 0 && !stopping) removeListeners();
  };
}

function onSignal(signal: Signal): void {
  if (stopping) {
    log.warn({ signal }, "second signal: ending at once");
    for (const server of running) server.kill();
    process.exit(128 + SIGNALS[signal]);
  }
  stopping = true;
  log.info({ signal, servers: running.size }, "signal: stopping gracefully; a second one ends at once");
  void Promise.all([...running].map((server) => server.stop())).then(() => {
    const others = process.listenerCount(signal) > 1;
    stopping = false;
    removeListeners();
    if (!others) process.exit();
  });
}

function removeListeners(): void {
  for (const signal of names()) process.removeListener(signal, onSignal);
}

function names(): Signal[] {
  return Object.keys(SIGNALS) as Signal[];
}
