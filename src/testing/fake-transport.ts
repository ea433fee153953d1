import type { Activity } from "../membership/connection/activity.js";
import type { HealthWord, Line, LineEvents, Listed, Session, Transport } from "../membership/connection/transport.js";

/** A transport whose far sides a test plays: every line is kept, in the order they were opened. */
export class FakeTransport implements Transport<Listed, FakeSession> {
  readonly lines: FakeLine[] = [];
  /** Whether sessions are asked for their health. */
  watchesHealth = true;

  line(listed: Listed, events: LineEvents<FakeSession>): FakeLine {
    const line = new FakeLine(listed, events, this.watchesHealth);
    this.lines.push(line);
    return line;
  }

  /** The line opened last. */
  get last(): FakeLine {
    return this.lines.at(-1)!;
  }
}

export class FakeLine implements Line {
  readonly listed: Listed;
  readonly events: LineEvents<FakeSession>;
  readonly #watchesHealth: boolean;
  started = false;
  closed = false;

  constructor(listed: Listed, events: LineEvents<FakeSession>, watchesHealth: boolean) {
    this.listed = listed;
    this.events = events;
    this.#watchesHealth = watchesHealth;
  }

  get activity(): Activity {
    return this.events.activity;
  }

  start(): void {
    this.started = true;
  }

  close(): void {
    this.closed = true;
  }

  /** The instance answers the dial and, where a word is given, says this of its health. */
  connect(word?: HealthWord): FakeSession {
    const session = new FakeSession(this.#watchesHealth);
    this.events.connected(session);
    if (word) session.tell(word);
    return session;
  }
}

export class FakeSession implements Session {
  readonly watchHealth: Session["watchHealth"];
  /** Set while the health is watched. */
  #tell: ((word: HealthWord) => void) | undefined;
  /** Set while a probe waits for an answer. */
  answerProbe: (() => void) | undefined;
  probes = 0;
  /** Why the calls on it were ended. */
  ended: string | undefined;

  constructor(watchesHealth: boolean) {
    if (!watchesHealth) return;
    this.watchHealth = (tell) => {
      this.#tell = tell;
      return () => {
        this.#tell = undefined;
      };
    };
  }

  get watched(): boolean {
    return this.#tell !== undefined;
  }

  tell(word: HealthWord): void {
    this.#tell?.(word);
  }

  serves(serving = true): void {
    this.tell({ serving });
  }

  probe(answered: () => void): () => void {
    this.probes += 1;
    this.answerProbe = answered;
    return () => {
      this.answerProbe = undefined;
    };
  }

  endCalls(reason: string): void {
    this.ended = reason;
  }
}
