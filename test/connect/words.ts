/** Messages of these texts. */
export async function* words(...texts: string[]) {
  for (const text of texts) yield { text };
}

/** The texts of an answer's messages, when it has ended. */
export async function texts(answers: AsyncIterable<{ text: string }>): Promise<string[]> {
  const all: string[] = [];
  for await (const { text } of answers) all.push(text);
  return all;
}
