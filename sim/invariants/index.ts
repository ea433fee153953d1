import { everyLoopBacksOff, nothingGrows } from "./bounds.js";
import { noCallFailsInVain, noCallToTheUnwilling } from "./calls.js";
import { clientsKnowWhatIsListed } from "./client-set.js";
import type { MakeInvariant } from "./invariant.js";
import { onlyWhatServesIsListed, whoLivesIsListedOnce } from "./listing.js";

export const invariants: readonly MakeInvariant[] = [
  onlyWhatServesIsListed,
  whoLivesIsListedOnce,
  clientsKnowWhatIsListed,
  noCallToTheUnwilling,
  noCallFailsInVain,
  everyLoopBacksOff,
  nothingGrows,
];
