/** A variable that a file names and the environment lacks. */
export interface UnsetVariable {
  readonly name: string;
  /** Offset of its `$` in the file. */
  readonly offset: number;
}

export interface Expanded {
  readonly text: string;
  readonly unset: readonly UnsetVariable[];
  /** Where in the file a place of the expanded text comes from. */
  fileOffset(offset: number): number;
}

/**
 * Replaces `${NAME}` by the variable's value, before the YAML is read, so that a value may be a number or a list.
 * A variable that is not set becomes nothing, as with go-zero's conf.UseEnv() (Go's os.ExpandEnv). Unlike Go, `$NAME`
 * without braces stays as it is: passwords have dollar signs.
 */
export function expandEnv(file: string, env: NodeJS.ProcessEnv): Expanded {
  const unset: UnsetVariable[] = [];
  /** Where the two texts part: from `at` on (in the expanded text) the file's offset is `plus` further. */
  const shifts: { at: number; plus: number }[] = [];
  let text = "";
  let copied = 0;
  for (const { 0: reference, 1: name, index } of file.matchAll(/\$\{([^{}\n]+)\}/g)) {
    const value = env[name!];
    if (value === undefined) unset.push({ name: name!, offset: index });
    text += file.slice(copied, index) + (value ?? "");
    copied = index + reference.length;
    shifts.push({ at: text.length, plus: copied - text.length });
  }
  return {
    text: text + file.slice(copied),
    unset,
    fileOffset: (offset) => offset + (shifts.findLast(({ at }) => at <= offset)?.plus ?? 0),
  };
}
