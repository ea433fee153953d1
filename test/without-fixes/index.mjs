/**
 * What was found in the wild, and the change that would bring it back: each text stands once in its file, and the named test,
 * or all whose names begin so, must fail when the texts are replaced. `npm run test:without-fixes` carries it out.
 */

import { commandLine } from "./command-line.mjs";
import { dayOfLife } from "./day-of-life.mjs";
import { networks } from "./networks.mjs";
import { neverWorse } from "./never-worse.mjs";
import { oneVictim } from "./one-victim.mjs";
import { runtimes } from "./runtimes.mjs";
import { saidClearly } from "./said-clearly.mjs";
import { secrets } from "./secrets.mjs";

export const fixes = [
  ...neverWorse,
  ...oneVictim,
  ...saidClearly,
  ...secrets,
  ...runtimes,
  ...commandLine,
  ...networks,
  ...dayOfLife,
];
