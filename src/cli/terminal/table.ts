import { beginningOf, printable, redactText } from "../../target/redact.js";
import type { Paint, Style } from "./style.js";
import { cut, padEnd, padStart, widthOf } from "./text-width.js";

/** What stands in a cell; text alone has no style. */
export type Cell = string | { readonly text: string; readonly style?: Style | undefined };

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => Cell;
  /** Numbers stand to the right. Default left. */
  readonly right?: boolean;
  /** Shown although it would be empty. Default only if some row has something. */
  readonly always?: boolean;
  /** On a narrow terminal the columns with the highest rank go first. Default 0: never. */
  readonly rank?: number;
}

export interface TableOptions {
  readonly paint: Paint;
  /** Columns of the terminal. Default, and where a terminal says 0 because it does not know, as many as are needed. */
  readonly width?: number | undefined;
}

const GAP = "  ";
/** A longer text is cut, because all rows become as wide. */
const MOST_CHARS = 1_000;

/**
 * Lines of a table for people: fit to be printed, without secrets and without what steers a terminal. Columns that would be empty are
 * left out; where the terminal is narrow, columns go by rank, and what is still too long is cut.
 */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { paint, width }: TableOptions,
): string[] {
  const room = width || Number.POSITIVE_INFINITY;
  const read = columns
    .map((column) => ({ ...column, cells: rows.map((row) => shownCell(column.cell(row))) }))
    .filter(({ always, cells }) => always || cells.some(({ text }) => text !== ""))
    .map((column) => ({ ...column, width: widest([{ text: column.title }, ...column.cells]) }));
  const fit = fitting(read, room);
  const lines = [undefined, ...rows.keys()].map((row) => {
    const cells = fit.map(({ title, cells, right, width }) => {
      const { text, style } = row === undefined ? { text: title, style: "bold" as const } : cells[row]!;
      return { text: right ? padStart(text, width) : padEnd(text, width), style };
    });
    return renderLine(cells, room, paint);
  });
  return lines;
}

/** Columns as far as there is room for them. */
function fitting<C extends { readonly rank?: number; readonly width: number }>(
  columns: readonly C[],
  room: number,
): C[] {
  const fit = [...columns];
  const needed = () => fit.reduce((sum, { width }) => sum + width + GAP.length, -GAP.length);
  while (needed() > room) {
    const worst = fit.reduce((most, { rank = 0 }) => Math.max(most, rank), 0);
    if (worst === 0) break;
    fit.splice(
      fit.findLastIndex(({ rank = 0 }) => rank === worst),
      1,
    );
  }
  return fit;
}

function renderLine(cells: readonly { text: string; style?: Style | undefined }[], room: number, paint: Paint): string {
  const length = cells.reduce((sum, { text }) => sum + widthOf(text) + GAP.length, -GAP.length);
  const trailing = cells.length === 0 ? 0 : cells.at(-1)!.text.length - cells.at(-1)!.text.trimEnd().length;
  if (length - trailing <= room) {
    const line = cells.map(({ text, style }) => paintWord(text, style, paint)).join(GAP);
    return line.trimEnd();
  }
  return cut(cells.map(({ text }) => text).join(GAP), room);
}

/** Only the word gets the style, so that spaces at the end can go. */
function paintWord(text: string, style: Style | undefined, paint: Paint): string {
  const word = text.trim();
  if (word === "") return text;
  return text.replace(word, () => paint(word, style));
}

function shownCell(cell: Cell): { text: string; style?: Style | undefined } {
  const { text, style } = typeof cell === "string" ? { text: cell } : cell;
  const beginning = beginningOf(text, MOST_CHARS);
  return { text: `${printable(redactText(beginning))}${beginning.length < text.length ? "…" : ""}`, style };
}

function widest(cells: readonly { readonly text: string }[]): number {
  return cells.reduce((most, { text }) => Math.max(most, widthOf(text)), 0);
}
