import { readFile, writeFile } from "node:fs/promises";

/** Puts the text between the page's markers of this name. */
export async function fillPage(name: string, text: string, file = "docs/balancing.md"): Promise<void> {
  const page = await readFile(file, "utf8");
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [page.indexOf(open), page.indexOf(close)];
  if (from < 0 || to < from) throw new Error(`${file} has no place ${open} ... ${close}`);
  await writeFile(file, `${page.slice(0, from + open.length)}\n\n${text}\n\n${page.slice(to)}`);
}
