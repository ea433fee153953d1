/** TCP sends again what is not acknowledged after this time, twice as long at each further loss of it. Milliseconds. */
const RESEND_MS = 200;
/** Or at once, when so many later answers have arrived on the connection. */
const LATER_ANSWERS = 3;

/** What one client hears from one server over a network that loses some of it: in order, so that what follows a loss waits. */
export class Connection {
  readonly #loss: number;
  readonly #random: () => number;
  readonly #later: (afterMs: number, action: () => void) => void;
  /** Answers that were lost or wait for one that was. */
  #held: (() => void)[] = [];
  /** Which of its losses is being mended. */
  #gap = 0;

  constructor(loss: number, random: () => number, later: (afterMs: number, action: () => void) => void) {
    this.#loss = loss;
    this.#random = random;
    this.#later = later;
  }

  send(arrive: () => void): void {
    const lost = this.#random() < this.#loss;
    if (this.#held.length === 0 && !lost) {
      arrive();
      return;
    }
    this.#held.push(arrive);
    if (this.#held.length === 1) this.#resend(RESEND_MS);
    else if (this.#held.length === 1 + LATER_ANSWERS && this.#random() >= this.#loss) this.#mend();
  }

  #resend(afterMs: number): void {
    const gap = this.#gap;
    this.#later(afterMs, () => {
      if (this.#gap !== gap) return;
      if (this.#random() < this.#loss) this.#resend(2 * afterMs);
      else this.#mend();
    });
  }

  #mend(): void {
    this.#gap += 1;
    for (const arrive of this.#held.splice(0)) arrive();
  }
}

/** All connections between clients and servers. */
export class Network {
  readonly #loss: number;
  readonly #random: () => number;
  readonly #later: (afterMs: number, action: () => void) => void;
  readonly #connections = new Map<string, Connection>();

  constructor(loss: number, random: () => number, later: (afterMs: number, action: () => void) => void) {
    this.#loss = loss;
    this.#random = random;
    this.#later = later;
  }

  /** An answer of this server to this client. */
  send(client: number, server: number, arrive: () => void): void {
    if (this.#loss === 0) {
      arrive();
      return;
    }
    const id = `${client} ${server}`;
    const connection = this.#connections.get(id) ?? new Connection(this.#loss, this.#random, this.#later);
    this.#connections.set(id, connection);
    connection.send(arrive);
  }
}
