/** Marks that are drawn over the character before them. */
const MARK = /^[\p{Mn}\p{Me}]$/u;
/** Twice as wide, by Unicode's East Asian Width (https://www.unicode.org/reports/tr11/): W, F and emoji. */
const WIDE =
  /^[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}\p{Emoji_Presentation}]$/u;
const ASCII = /^[ -~]*$/;

/** Columns of a terminal that a line takes, which has nothing that steers. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += widthOfChar(char);
  return width;
}

/** At most so many columns, the last one telling that there was more. */
export function cut(text: string, room: number): string {
  if (widthOf(text) <= room) return text;
  let [kept, width] = ["", 0];
  for (const char of text) {
    width += widthOfChar(char);
    if (width > room - 1) break;
    kept += char;
  }
  return `${kept}…`;
}

export function padEnd(text: string, width: number): string {
  return text + spaces(width - widthOf(text));
}

export function padStart(text: string, width: number): string {
  return spaces(width - widthOf(text)) + text;
}

function widthOfChar(char: string): number {
  return MARK.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
}

function spaces(count: number): string {
  return " ".repeat(Math.max(0, count));
}
