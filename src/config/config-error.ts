/** One thing that is wrong with a configuration file. */
export interface ConfigProblem {
  /** The key, for example `Etcd.Hosts[0]`; empty for the file as a whole. */
  readonly key: string;
  /** What is wrong and what is expected; reads on from the key where it begins with "is" or "has". */
  readonly message: string;
  /** Counted from 1. Undefined where the problem has no place in the file. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** A configuration that cannot be used. Its message lists everything that is wrong with the file, one line each. */
export class ConfigError extends Error {
  readonly file: string;
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[], options?: { readonly cause?: unknown }) {
    super(problems.map((problem) => describeProblem(file, problem)).join("\n"), options);
    this.name = "ConfigError";
    this.file = file;
    this.problems = problems;
  }
}

/** `etc/cart.yaml:4:7: Etcd.Hosts[0]: what is wrong`, a form that terminals and editors make a link of. */
export function describeProblem(file: string, { key, message, line, column }: ConfigProblem): string {
  const place = line === undefined ? file : `${file}:${line}:${column}`;
  const subject = key === "" ? "" : `${key}${/^(is|has) /.test(message) ? " " : ": "}`;
  return `${place}: ${subject}${message}`;
}

/** `["Etcd", "Hosts", 0]` as `Etcd.Hosts[0]`. */
export function keyPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((before, part) => {
    if (typeof part === "number") return `${before}[${part}]`;
    const name = String(part);
    if (!/^[\p{L}\p{N}_-]+$/u.test(name)) return `${before}[${JSON.stringify(name)}]`;
    return before === "" ? name : `${before}.${name}`;
  }, "");
}
