import { announcesSecret, isSecretName } from "./secret-names.js";

export const HIDDEN = "...";

/** Where a quoted text or a name begins. Quotes have backslashes before them where JSON stands inside of JSON. */
const BEGINNING = /(?<![\w\\])(\\{0,3}["'])|(?<![\w.-])[\w.-]+/g;
const OPENING = /\\{0,3}["']|[[{]/y;
/** What is quoted before a separator is a name, or a path of names (`Db:Password`), unless it has names and values of its own. */
const NAME = /^(?:[^=:]*|[\w.-]+(?::[a-z][\w.-]*)+)$/i;
/** `pass" : x` of a text cut at its front (the quote's beginning is missing), `pass => x`, `pass := x`, `pass=x`, `pass%3Dx`, `pass: x`. */
const SEPARATOR = /(\\{0,3}["'])?\s*(=>|:?=+|%3D|:)\s*/iy;
/** What stands before the secret of an `Authorization`; the first two show a secret without that name too. */
const SCHEME = /(bearer|basic)\s+|(?:digest|negotiate)\s+/iy;
/** A word of letters that follows a colon is taken for prose, and for no value: `the password: expected text`, `password: hunter`. */
const PROSE = /(?:[A-Z]?[a-z]+|[A-Z]+)(?![^\s.,;:!?)"'])/y;
/** What follows the colon in `tests passed: 12` and in `order.token: 10.0.0.1:8080 left`. A host name's address might be `user:1234`. */
const NUMBER = /\d+(?=[.,;:!?)\]}"']*(?:\s|$))/y;
const ADDRESS = /\d+(?:\.\d+){3}:\d+(?=[.,;:!?)\]}"']*(?:\s|$))/y;
/** After a name in quotes, as JSON has it, prose is more than one word: `no option "psas": did you mean pass?`. */
const SENTENCE = /[A-Z]?[a-z]+ [a-z]/y;
const END_OF_WORD = /\s|["'](?!\w)|[&,;](?=[\s"']|$|[\w.-]+=)/g;
const FURTHER_COOKIES = /(?:;\s*[^\s;=,"']+=[^\s;"']*)*/y;

/**
 * Text without the values of secret names: `pass=x`, `"pass": "x"`, `dsn="pass=x y"`, `Authorization: Bearer x`, JSON in JSON.
 * Read from left to right, so that the work grows as the text does, whatever stands in it. Where it cannot be told where a
 * secret ends, more is hidden; what may as well be prose, a count or an address is shown (see PROSE, NUMBER and ADDRESS).
 * @param whole the text is one value, so a secret without quotes goes on to its end. Default: it is a word.
 */
export function hideSecretValues(text: string, whole = false): string {
  const unclosed = new Set<string>();
  let [shown, done] = ["", 0];
  const replace = (from: number, to: number, by: string) => {
    shown += text.slice(done, from) + by;
    done = to;
  };
  for (let at = 0, found = find(BEGINNING, text, at); found; found = find(BEGINNING, text, at)) {
    const [beginning, quote] = found;
    at = found.index + beginning.length;
    const quoted = quote === undefined ? undefined : closing(text, at, quote, unclosed);
    if (quote !== undefined && !quoted) continue;
    const name = quoted ? text.slice(at, quoted.from) : beginning;
    // Before a colon it need not be a name: `failed "host=db pass=x": refused`.
    if (quoted) replace(at, quoted.from, hideSecretValues(name, true));
    const value = secretAfter(text, quoted?.to ?? at, name, quoted !== undefined);
    if (value !== undefined) {
      at = endOfSecret(text, value, name, whole);
      if (at > value) replace(value, at, HIDDEN);
    } else if (quoted) {
      at = quoted.to;
    } else {
      const credential = bareCredential(text, found.index);
      if (credential === undefined) continue;
      at = endOfWord(text, credential);
      replace(credential, at, HIDDEN);
    }
  }
  return shown + text.slice(done);
}

/** Where the secret begins that a name stands before; undefined where it is none, but prose, a count, an address or a port after a colon. */
function secretAfter(text: string, nameEnd: number, name: string, isQuoted: boolean): number | undefined {
  const separator = find(SEPARATOR, text, nameEnd);
  if (!separator) return undefined;
  const [whole, closingQuote, sign] = separator;
  const value = nameEnd + whole.length;
  const isColonAlone = sign === ":" && !find(OPENING, text, value) && !find(SCHEME, text, value);
  const isInQuotes = isQuoted || closingQuote !== undefined;
  const isName = isInQuotes ? NAME.test(name) : !isColonAlone;
  if (isColonAlone && !isInQuotes && !/\s$/.test(whole)) return undefined;
  if (isName) return isSecretName(name) && !(isColonAlone && find(SENTENCE, text, value)) ? value : undefined;
  if (isColonAlone && (find(PROSE, text, value) || find(ADDRESS, text, value))) return undefined;
  return announcesSecret(name, find(NUMBER, text, value) !== null) ? value : undefined;
}

function endOfSecret(text: string, value: number, name: string, whole: boolean): number {
  const begin = value + (find(SCHEME, text, value)?.[0].length ?? 0);
  const opening = find(OPENING, text, begin)?.[0];
  if (opening === "[" || opening === "{") return Math.max(endOfBrackets(text, begin), endOfWord(text, begin));
  if (opening !== undefined) return closing(text, begin + opening.length, opening)?.to ?? text.length;
  if (whole) return text.length;
  const end = endOfWord(text, begin);
  return /cookie/i.test(name) ? end + find(FURTHER_COOKIES, text, end)![0].length : end;
}

/** Where the secret begins of a `Bearer x` that no name stands before. */
function bareCredential(text: string, at: number): number | undefined {
  const scheme = find(SCHEME, text, at);
  if (scheme?.[1] === undefined) return undefined;
  const secret = at + scheme[0].length;
  return find(PROSE, text, secret) ? undefined : secret;
}

/**
 * Where a quoted text is closed: by a quote with as many backslashes, not counting those that are escaped themselves; or by one
 * with fewer, which closes what is around it. A quote with a letter behind it closes nothing.
 * @param unclosed quotes that nothing closes from here on, so that each is looked for once.
 */
function closing(
  text: string,
  begin: number,
  opening: string,
  unclosed = new Set<string>(),
): { readonly from: number; readonly to: number } | undefined {
  if (unclosed.has(opening)) return undefined;
  const quote = opening.at(-1)!;
  const own = opening.length - 1;
  for (let at = text.indexOf(quote, begin); at >= 0; at = text.indexOf(quote, at + 1)) {
    let slashes = 0;
    while (at - slashes > begin && text[at - slashes - 1] === "\\") slashes++;
    const isEscaped = slashes > own ? (slashes - own) % (2 * (own + 1)) !== 0 : false;
    if (!isEscaped && !/\w/.test(text[at + 1] ?? "")) return { from: at - Math.min(own, slashes), to: at + 1 };
  }
  unclosed.add(opening);
  return undefined;
}

function endOfBrackets(text: string, begin: number): number {
  let depth = 0;
  for (const { 0: bracket, index } of text.slice(begin).matchAll(/[[\]{}]/g)) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
    if (depth === 0) return begin + index + 1;
  }
  return text.length;
}

function endOfWord(text: string, begin: number): number {
  return find(END_OF_WORD, text, begin)?.index ?? text.length;
}

function find(pattern: RegExp, text: string, from: number): RegExpExecArray | null {
  pattern.lastIndex = from;
  return pattern.exec(text);
}
