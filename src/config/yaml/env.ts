/** A `${NAME}` of a file. */
export interface Variable {
  readonly name: string;
  /** Offset of its `$` in the file. */
  readonly offset: number;
}

/**
 * `${NAME}` while the YAML is parsed: as long as it was, so that places stay, and of characters that mean nothing to YAML
 * wherever it stands. The characters between the ends are the variable's number.
 */
const MARK = /\ue000[\ue100-\ue1ff]+\ue001/g;
const DIGIT = 0xe100;

/**
 * The `${NAME}` of a file, taken out before its YAML is parsed and put into its values afterwards: what a variable holds
 * is a value or a part of one, never YAML, and cannot add settings. Unlike Go's os.ExpandEnv, `$NAME` without braces
 * stays as it is: passwords have dollar signs.
 */
export class Variables {
  /** The file with its variables marked. */
  readonly text: string;
  readonly #all: Variable[] = [];
  readonly #env: NodeJS.ProcessEnv;
  readonly #used = new Set<Variable>();

  constructor(file: string, env: NodeJS.ProcessEnv) {
    this.#env = env;
    this.text = file.replace(/\$\{([^{}\n]+)\}/g, (reference, name: string, offset: number) => {
      const number = this.#all.push({ name, offset }) - 1;
      const digits =
        number.toString(2).length > 8 * (reference.length - 2) ? undefined : digitsOf(number, reference.length - 2);
      return digits === undefined ? reference : `\ue000${digits}\ue001`;
    });
  }

  /** Whether text holds a variable. */
  isIn(text: string): boolean {
    return text.search(MARK) >= 0;
  }

  /** Puts the values of variables in their places. One that is not set becomes nothing, as with go-zero's conf.UseEnv(). */
  expand(text: string): string {
    return text.replace(MARK, (mark) => {
      const variable = this.#of(mark);
      if (!variable) return mark;
      this.#used.add(variable);
      return this.#env[variable.name] ?? "";
    });
  }

  /** Text of the file as it was written, for messages. */
  unmark(text: string): string {
    return text.replace(MARK, (mark) => (this.#of(mark) ? `\${${this.#of(mark)!.name}}` : mark));
  }

  /** Those that a value was to come from and that the environment lacks. */
  unset(): Variable[] {
    return [...this.#used].filter(({ name }) => this.#env[name] === undefined).sort((a, b) => a.offset - b.offset);
  }

  #of(mark: string): Variable | undefined {
    return this.#all[[...mark.slice(1, -1)].reduce((sum, digit) => sum * 256 + digit.charCodeAt(0) - DIGIT, 0)];
  }
}

function digitsOf(number: number, length: number): string {
  return Array.from({ length }, (_, i) => {
    return String.fromCharCode(DIGIT + (Math.floor(number / 256 ** (length - 1 - i)) % 256));
  }).join("");
}
