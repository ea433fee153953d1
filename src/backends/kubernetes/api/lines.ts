const NEWLINE = 0x0a;

/**
 * Cuts a stream of bytes into its lines, as they arrive: one batch for each chunk that completes any. What follows the
 * last newline is dropped, for it was cut off. Linear in the length of a line, in however many chunks it comes.
 * @throws RangeError when a line is longer than `limit` bytes.
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>, limit: number): AsyncGenerator<string[], void> {
  let begun: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const rest = chunk.subarray(start, end);
      // Joined before decoding: a character may be split between two chunks.
      lines.push((begun.length === 0 ? rest : Buffer.concat([...begun, rest])).toString("utf8"));
      begun = [];
      length = 0;
      start = end + 1;
    }
    begun.push(chunk.subarray(start));
    length += chunk.length - start;
    if (length > limit) throw new RangeError(`a line is longer than ${limit} bytes`);
    if (lines.length > 0) yield lines;
  }
}
