/**
 * What was found in the wild, and the change that would bring it back: each text stands once in its file, and the named test,
 * or all whose names begin so, must fail when the texts are replaced. `npm run test:without-fixes` carries it out.
 */
import { neverWorse } from "./never-worse.mjs";
import { oneVictim } from "./one-victim.mjs";
import { saidClearly } from "./said-clearly.mjs";
import { secrets } from "./secrets.mjs";

export const fixes = [...neverWorse, ...oneVictim, ...saidClearly, ...secrets];
