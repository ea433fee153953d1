/**
 * What was found in the wild, and the change that would bring it back: each text stands once in its file, and the named test,
 * or all whose names begin so, must fail when the texts are replaced. `npm run test:without-fixes` carries it out.
 */
import { commandLine } from "./command-line.mjs";
import { dayOfLife } from "./day-of-life.mjs";
import { networks } from "./networks.mjs";
import { oneVictim } from "./one-victim.mjs";
import { runtimes } from "./runtimes.mjs";

export const fixes = [...oneVictim, ...runtimes, ...commandLine, ...networks, ...dayOfLife];
