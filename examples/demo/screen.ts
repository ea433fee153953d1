/** Where the demo tells its story: lines, and on a terminal a table below them that is drawn anew. */
export class Screen {
  readonly #out = process.stdout;
  readonly #began = performance.now();
  #table: readonly string[] = [];

  /** Seconds since the demo began. */
  get seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  say(line: string): void {
    this.line(`${this.seconds.toFixed(1).padStart(5)} s  ${line}`);
  }

  line(text: string): void {
    this.#erase();
    this.#out.write(`${text}\n`);
    this.#draw();
  }

  /** Does nothing where there is no terminal. */
  table(lines: readonly string[]): void {
    if (!this.#out.isTTY) return;
    this.#erase();
    this.#table = lines;
    this.#draw();
  }

  #erase(): void {
    if (this.#table.length > 0) this.#out.write(`\x1b[${this.#table.length}A\x1b[0J`);
  }

  #draw(): void {
    // A line that wraps would take two rows and break the next erase.
    for (const line of this.#table) this.#out.write(`${line.slice(0, (this.#out.columns || 80) - 1)}\n`);
  }
}
