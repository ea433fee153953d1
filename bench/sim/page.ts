import { readFile, writeFile } from "node:fs/promises";

const PAGE = "docs/balancing.md";

/** Puts the text between the page's markers of this name. */
export async function fillPage(name: string, text: string): Promise<void> {
  const page = await readFile(PAGE, "utf8");
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [page.indexOf(open), page.indexOf(close)];
  if (from < 0 || to < from) throw new Error(`${PAGE} has no place ${open} ... ${close}`);
  await writeFile(PAGE, `${page.slice(0, from + open.length)}\n\n${text}\n\n${page.slice(to)}`);
}
