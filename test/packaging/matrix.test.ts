import { cells } from "./matrix.js";
import { testCells } from "./matrix-tests.js";

testCells(
  "Rollcall serves, finds and balances",
  cells.filter(({ kind }) => kind !== "types"),
);
