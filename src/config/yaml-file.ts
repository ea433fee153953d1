import { type Document, isMap, isScalar, isSeq, type Node, type Pair, parseDocument, visit } from "yaml";
import { ConfigError, type ConfigProblem, keyPath } from "./config-error.js";
import { type Expanded, expandEnv } from "./env.js";
import { readConfigText } from "./read-text.js";

/** A file's YAML as a tree whose nodes know where they stand in the file. */
export class YamlFile {
  readonly name: string;
  readonly document: Document;
  readonly #source: string;
  readonly #expanded: Expanded;

  /** @throws ConfigError when the file cannot be read or is no YAML mapping. */
  static async read(name: string, env: NodeJS.ProcessEnv): Promise<YamlFile> {
    return new YamlFile(name, await readConfigText(name), env);
  }

  private constructor(name: string, source: string, env: NodeJS.ProcessEnv) {
    this.name = name;
    this.#source = source;
    this.#expanded = expandEnv(source, env);
    this.document = parseDocument(this.#expanded.text, { intAsBigInt: true, merge: true, prettyErrors: false });
    const { errors, contents } = this.document;
    if (errors.length > 0) {
      const problems = errors.map(({ code, message, pos }) => {
        const why = code === "MULTIPLE_DOCS" ? "a second document begins; expected one" : lowerFirst(message);
        return this.#problem("", `is not YAML: ${why}`, pos[0]);
      });
      throw new ConfigError(name, firstOfEachLine(problems));
    }
    if (contents === null || (isScalar(contents) && contents.value === null)) this.#fail("is empty");
    if (!isMap(contents)) {
      this.#fail(
        `holds ${isSeq(contents) ? "a list" : "a single value"}; expected keys with values, one "Key: value" a line`,
      );
    }
    this.toValue(); // refuses aliases without end
    this.#copyAliases();
  }

  /** Variables the file names, outside of comments, that the environment lacks; by line. */
  unsetVariables(): { name: string; line: number; column: number }[] {
    return this.#expanded.unset
      .filter(({ offset }) => !/(^|\s)#/.test(this.#lineBefore(offset)))
      .map(({ name, offset }) => ({ name, ...this.#position(offset) }));
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
      this.#fail(`is not usable YAML: ${lowerFirst((error as Error).message)}`, error);
    }
  }

  /** A problem with the value at a path, or with its key; where the path ends early, it is placed at the last key there is. */
  problem(path: readonly PropertyKey[], message: string, { at = "value" as "value" | "key" } = {}): ConfigProblem {
    const key = keyPath(path);
    const offset = this.#offsetOf(path, at);
    if (offset === undefined) return { key, message };
    const problem = this.#problem(key, message, offset);
    const unset = this.unsetVariables().filter(({ line }) => line === problem.line);
    if (unset.length === 0) return problem;
    const because = unset.map(({ name }) => `${name} is not set in the environment`).join(", ");
    return { ...problem, message: `${message} (${because})` };
  }

  /** Replaces aliases by copies of what they stand for, so that each can be changed by itself. */
  #copyAliases(): void {
    visit(this.document, {
      Alias: (_key, alias) => {
        const copy = alias.resolve(this.document)!.clone() as Node & { anchor?: string };
        delete copy.anchor;
        return copy;
      },
    });
  }

  #problem(key: string, message: string, offset: number): ConfigProblem {
    return { key, message, ...this.#position(this.#expanded.fileOffset(offset)) };
  }

  #offsetOf(path: readonly PropertyKey[], at: "value" | "key"): number | undefined {
    let node: unknown = this.document.contents;
    let offset: number | undefined;
    for (const part of path) {
      if (isSeq(node) && typeof part === "number") {
        node = node.items[part];
        offset = (node as Node | undefined)?.range?.[0] ?? offset;
        continue;
      }
      const pair = isMap(node) ? node.items.find(({ key }) => keyName(key) === String(part)) : undefined;
      if (!pair) break;
      node = pair.value;
      offset = (at === "key" ? (pair.key as Node).range?.[0] : startOf(pair)) ?? offset;
    }
    return offset;
  }

  #position(offset: number): { line: number; column: number } {
    const before = this.#source.slice(0, offset);
    const lineStart = before.lastIndexOf("\n") + 1;
    return { line: before.split("\n").length, column: offset - lineStart + 1 };
  }

  #lineBefore(offset: number): string {
    return this.#source.slice(this.#source.lastIndexOf("\n", offset - 1) + 1, offset);
  }

  #fail(message: string, cause?: unknown): never {
    throw new ConfigError(this.name, [{ key: "", message }], { cause });
  }
}

/** The text of a key; undefined for a list or mapping that serves as a key. */
export function keyName(key: unknown): string | undefined {
  return isScalar(key) && typeof key.value !== "symbol" ? String(key.value) : undefined;
}

/** Where a single value stands; for a mapping, a list or nothing, where its key does. */
function startOf({ key, value }: Pair): number | undefined {
  const own = isScalar(value) && value.source !== "" ? value.range : undefined;
  return (own ?? (key as Node | null)?.range)?.[0];
}

function lowerFirst(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}

/** One slip of the pen makes the parser stumble several times. */
function firstOfEachLine(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return problems.filter(({ line }, i) => problems.findIndex((other) => other.line === line) === i);
}
