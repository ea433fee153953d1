import { cells } from "./matrix.js";
import { testCells } from "./matrix-tests.js";

testCells(
  "the types of Rollcall are understood",
  cells.filter(({ kind }) => kind === "types"),
);
