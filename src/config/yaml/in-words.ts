/** What the YAML library has found, without what stands there: a password may. */
export function wordsOf(code: string, message: string): string {
  if (code === "MULTIPLE_DOCS") return "a second document begins; expected one";
  if (code === "TAG_RESOLVE_FAILED")
    return '"!" begins a tag, which is unknown and dropped; quote text that begins with "!"';
  if (/block scalar header|not a yaml token/i.test(message))
    return '"|" or ">" begins a text of several lines, and more follows it; quote text that begins with "|" or ">"';
  return lowerFirst(message.replace(/(?<! ): .*$|(?<=escape sequence|directive|version) .*$/s, ""));
}

export function lowerFirst(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}
