import { type Document, isMap, isScalar, isSeq, type Node, parseDocument, Scalar, visit } from "yaml";
import { printable } from "../../target/redact.js";
import { ConfigError, type ConfigProblem, keyPath } from "../config-error.js";
import { Variables } from "./env.js";
import { lowerFirst, wordsOf } from "./in-words.js";
import { offsetOf, positionIn } from "./places.js";
import { readConfigText } from "./read-text.js";
import { badAliases, keysOfSeveralValues, repeatedKeys, type Unusable } from "./unusable.js";

const READING = { intAsBigInt: true, merge: true, prettyErrors: false, uniqueKeys: false } as const;

/** A file's YAML as a tree whose nodes know where they stand in the file. */
export class YamlFile {
  readonly name: string;
  readonly document: Document.Parsed;
  /** What the YAML itself makes suspicious. */
  readonly warnings: readonly ConfigProblem[];
  readonly #source: string;
  readonly #variables: Variables;
  /** The text of values that variables brought, which may have become a number or a list. */
  readonly #brought = new WeakMap<object, string>();
  /** What aliases stand for. */
  readonly #shared = new WeakSet<object>();

  /** @throws ConfigError when the file cannot be read or is no YAML mapping. */
  static async read(name: string, env: NodeJS.ProcessEnv): Promise<YamlFile> {
    return new YamlFile(name, await readConfigText(name), env);
  }

  private constructor(name: string, source: string, env: NodeJS.ProcessEnv) {
    this.name = name;
    this.#source = source;
    this.#variables = new Variables(source, env);
    this.document = parseDocument(this.#variables.text, READING);
    const { errors, contents } = this.document;
    this.#refuse([
      ...errors.map(({ code, message, pos }) => {
        return { message: `is not YAML: ${this.#shown(wordsOf(code, message))}`, offset: pos[0] };
      }),
      ...repeatedKeys(this.document),
    ]);
    if (contents === null || (isScalar(contents) && contents.value === null)) this.#fail("is empty");
    if (!isMap(contents)) {
      this.#fail(
        `holds ${isSeq(contents) ? "a list" : "a single value"}; expected keys with values, one "Key: value" a line`,
      );
    }
    this.#refuse([...badAliases(this.document), ...keysOfSeveralValues(this.document)]);
    this.toValue(); // refuses aliases without end
    this.warnings = this.#suspicions();
    this.#copyAliases();
    this.#expandVariables();
  }

  /** Variables that values name and that the environment lacks; by line. */
  unsetVariables(): { name: string; line: number; column: number }[] {
    return this.#variables.unset().map(({ name, offset }) => ({ name, ...positionIn(this.#source, offset) }));
  }

  /** The text of a value that came from variables, before YAML made a number, a switch or a list of it. */
  broughtText(node: unknown): string | undefined {
    return typeof node === "object" && node !== null ? this.#brought.get(node) : undefined;
  }

  /** Whether aliases elsewhere stand for what is at a path. */
  isShared(path: readonly PropertyKey[]): boolean {
    const node = this.document.getIn(path, true);
    return typeof node === "object" && node !== null && this.#shared.has(node);
  }

  /**
   * The tree as plain values: whole numbers are numbers where they fit and bigints beyond.
   * @throws ConfigError for what parses and yet has no value, for example aliases without end.
   */
  toValue(): unknown {
    try {
      return this.document.toJS({
        reviver: (_key, value) =>
          typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value,
      });
    } catch (error) {
      this.#fail(`is not usable YAML: ${lowerFirst(this.#shown((error as Error).message))}`, error);
    }
  }

  /** A problem with the value at a path, or with its key; where the path ends early, it is placed at the last key there is. */
  problem(path: readonly PropertyKey[], message: string, { at = "value" as "value" | "key" } = {}): ConfigProblem {
    const key = keyPath(path);
    const offset = offsetOf(this.document.contents, path, at);
    if (offset === undefined) return { key, message };
    const problem = this.#problem(key, message, offset);
    const unset = this.unsetVariables().filter(({ line }) => line === problem.line);
    if (unset.length === 0) return problem;
    const because = unset.map(({ name }) => `${name} is not set in the environment`).join(", ");
    return { ...problem, message: `${message} (${because})` };
  }

  /** What YAML drops without an error: text that begins with "!" is a tag to it, with "&" an anchor. Neither is shown. */
  #suspicions(): ConfigProblem[] {
    const found = this.document.warnings.map(({ code, message, pos }) =>
      this.#problem("", this.#shown(wordsOf(code, message)), pos[0]),
    );
    visit(this.document, {
      Scalar: (_key, { anchor, source, range }) => {
        if (anchor !== undefined && source === "" && range) {
          found.push(
            this.#problem(
              "",
              '"&" begins an anchor, and nothing follows it; quote text that begins with "&"',
              range[0],
            ),
          );
        }
      },
    });
    return found;
  }

  /** Replaces aliases by copies of what they stand for, so that each can be changed by itself. */
  #copyAliases(): void {
    visit(this.document, {
      Alias: (_key, alias) => {
        const meant = alias.resolve(this.document)!;
        this.#shared.add(meant);
        const copy = meant.clone() as Node & { anchor?: string };
        delete copy.anchor;
        return copy;
      },
    });
  }

  /**
   * Puts the values of variables into the scalars that name them. Between quotes they are text; a plain one may be a number, a
   * switch or a whole list.
   */
  #expandVariables(): void {
    visit(this.document, {
      Scalar: (key, scalar) => {
        if (typeof scalar.value !== "string" || !this.#variables.isIn(scalar.value)) return undefined;
        const text = this.#variables.expand(scalar.value);
        if (key === "key" || scalar.type !== Scalar.PLAIN) {
          scalar.value = text;
          return undefined;
        }
        const { range, source } = scalar;
        const node = Object.assign(plainValue(text), range && { range }, source !== undefined && { source });
        if (isScalar(node)) node.type = Scalar.PLAIN;
        this.#brought.set(node, text);
        return node;
      },
    });
  }

  #refuse(unusable: readonly Unusable[]): void {
    if (unusable.length === 0) return;
    const problems = unusable.map(({ message, offset }) => this.#problem("", message, offset));
    throw new ConfigError(this.name, firstOfEachLine(problems));
  }

  #problem(key: string, message: string, offset: number): ConfigProblem {
    return { key, message, ...positionIn(this.#source, offset) };
  }

  #shown(message: string): string {
    return printable(this.#variables.unmark(message));
  }

  #fail(message: string, cause?: unknown): never {
    throw new ConfigError(this.name, [{ key: "", message }], { cause });
  }
}

/** What a variable's value is where YAML may choose: a list, a number, a switch, nothing, or else text as it is. */
function plainValue(text: string): Node {
  if (text === "") return new Scalar(null);
  if (!/^\[.*\]$|^[-+.\w]+$/s.test(text.trim())) return new Scalar(text);
  const document = parseDocument(text, READING);
  if (!isUsable(document)) return new Scalar(text);
  const { contents } = document;
  if (isSeq(contents)) return withoutPlaces(contents);
  return new Scalar(
    isScalar(contents) && ["number", "bigint", "boolean"].includes(typeof contents.value) ? contents.value : text,
  );
}

/** Text that only looks like YAML, as a password may: `[*x]`, `[{[a]: b}]`. */
function isUsable(document: Document.Parsed): boolean {
  if (document.errors.length > 0 || keysOfSeveralValues(document).length > 0) return false;
  try {
    document.toJS();
    return true;
  } catch {
    return false;
  }
}

/** Offsets in a variable's value are none in the file. */
function withoutPlaces(list: Node): Node {
  visit(list, {
    Node: (_key, node) => {
      delete node.range;
    },
  });
  return list;
}

/** One slip of the pen makes the parser stumble several times. */
function firstOfEachLine(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return problems.filter(({ line }, i) => problems.findIndex((other) => other.line === line) === i);
}
