import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";

/** What figures were measured with, as a sentence of their page. */
export function measuredWith(...seeds: readonly number[]): string {
  const { length, 0: cpu } = cpus();
  const date = new Date().toISOString().slice(0, 10);
  const named = `${seeds.length > 1 ? "seeds" : "seed"} ${seeds.join(", ")}`;
  return `${date}, Node ${process.version}, ${length} cores of ${cpu?.model ?? "unknown"}, ${named}.`;
}

/** Puts the text between the page's markers of this name. */
export async function fillPage(name: string, text: string, file = "docs/balancing.md"): Promise<void> {
  const page = await readFile(file, "utf8");
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [page.indexOf(open), page.indexOf(close)];
  if (from < 0 || to < from) throw new Error(`${file} has no place ${open} ... ${close}`);
  await writeFile(file, `${page.slice(0, from + open.length)}\n\n${text}\n\n${page.slice(to)}`);
}
