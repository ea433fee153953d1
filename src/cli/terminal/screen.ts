import { cut } from "./text-width.js";

const ESC = "\u001b[";
/** The alternate screen keeps what stood on the terminal before; the cursor is hidden. */
const ENTER = `${ESC}?1049h${ESC}?25l`;
const LEAVE = `${ESC}?25h${ESC}?1049l`;
const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** How large a picture may be. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Whether something that is drawn again and again can be shown: a terminal that can be steered. */
export function isLive(output: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env): boolean {
  return output.isTTY === true && env.TERM !== "dumb" && env.TERM !== "";
}

/**
 * A terminal as a whole, drawn anew at every change and left as it was found: at the end of the command, at q or Ctrl-C, at a signal, at
 * an error and while it is stopped by Ctrl-Z.
 */
export class Screen {
  readonly #output: NodeJS.WriteStream;
  readonly #input: NodeJS.ReadStream;
  readonly #ended = new AbortController();
  #picture: (size: Size) => readonly string[] = () => [];
  #isShown = false;

  constructor(output: NodeJS.WriteStream = process.stdout, input: NodeJS.ReadStream = process.stdin) {
    this.#output = output;
    this.#input = input;
    process.once("exit", this.close);
    for (const signal of ENDING) process.once(signal, this.#endBy);
    process.on("SIGCONT", this.#show);
    output.on("resize", this.#draw);
    // What comes through a pipe is no key.
    if (input.isTTY) input.on("data", this.#key);
    this.#show();
  }

  /** Aborted when the user has asked for the end by q. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /**
   * Shows a picture, now and anew whenever the terminal has another size.
   * @param picture its lines, fit to be printed. What does not fit is cut below; lines with styles have to fit the width.
   */
  draw(picture: (size: Size) => readonly string[]): void {
    this.#picture = picture;
    this.#draw();
  }

  /** Leaves the terminal as it was. More than once is as good as once. */
  readonly close = (): void => {
    this.#hide();
    process.off("exit", this.close);
    for (const signal of ENDING) process.off(signal, this.#endBy);
    process.off("SIGCONT", this.#show);
    this.#output.off("resize", this.#draw);
    this.#input.off("data", this.#key);
    if (this.#input.isTTY) this.#input.pause();
  };

  readonly #show = (): void => {
    if (this.#isShown) return;
    this.#isShown = true;
    this.#raw(true);
    this.#output.write(ENTER);
    this.#draw();
  };

  #hide(): void {
    if (!this.#isShown) return;
    this.#isShown = false;
    this.#output.write(LEAVE);
    this.#raw(false);
  }

  readonly #draw = (): void => {
    if (!this.#isShown) return;
    // The last column stays empty: behind a character there the cursor stands on it, and what clears the rest of a line would
    // take it away.
    const width = Math.max(1, (this.#output.columns || 80) - 1);
    const height = this.#output.rows || 24;
    const lines = this.#picture({ width, height });
    const fit = lines.length > height ? [...lines.slice(0, height - 1), cut("… more below", width)] : lines;
    const drawn = fit.map((line) => `${line}${ESC}K`).join("\r\n");
    this.#output.write(`${ESC}H${drawn}${ESC}J`);
  };

  /** In raw mode keys come at once and unseen, Ctrl-C and Ctrl-Z among them. */
  readonly #key = (data: Buffer): void => {
    const keys = data.toString("latin1");
    if (keys.includes("\u0003")) this.#endBy("SIGINT");
    else if (keys.includes("\u001a")) this.#stop();
    else if (/^q/i.test(keys)) this.#ended.abort();
  };

  /** Ends as a program does that does not catch the signal. */
  readonly #endBy = (signal: NodeJS.Signals): void => {
    this.close();
    process.kill(process.pid, signal);
  };

  #stop(): void {
    this.#hide();
    process.kill(process.pid, "SIGSTOP");
  }

  #raw(on: boolean): void {
    if (!this.#input.isTTY) return;
    try {
      this.#input.setRawMode(on);
    } catch {
      // The terminal has gone away, and its settings with it.
    }
  }
}
