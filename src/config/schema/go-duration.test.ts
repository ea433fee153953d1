import assert from "node:assert/strict";
import { test } from "node:test";
import { formatGoDuration, parseGoDuration } from "./go-duration.js";

// Expected values are what time.ParseDuration and Duration.String of Go 1.26 print.
test("a duration is read and written as Go does", () => {
  for (const [text, ns, written] of [
    ["0", 0n, "0s"],
    ["+0", 0n, "0s"],
    ["20s", 20_000_000_000n, "20s"],
    ["5.5s", 5_500_000_000n, "5.5s"],
    ["1m30s", 90_000_000_000n, "1m30s"],
    ["90s", 90_000_000_000n, "1m30s"],
    ["-1.5h", -5_400_000_000_000n, "-1h30m0s"],
    ["100ms", 100_000_000n, "100ms"],
    ["1.s", 1_000_000_000n, "1s"],
    [".5s", 500_000_000n, "500ms"],
    ["1us", 1_000n, "1µs"],
    ["1.5\u00b5s", 1_500n, "1.5µs"],
    ["1.5\u03bcs", 1_500n, "1.5µs"],
    ["1h1h", 7_200_000_000_000n, "2h0m0s"],
    ["0.3333333333333333333h", 1_200_000_000_000n, "20m0s"],
    ["0.100000000000000000000h", 360_000_000_000n, "6m0s"],
    ["9223372036854775807ns", 9_223_372_036_854_775_807n, "2562047h47m16.854775807s"],
    ["-9223372036854775808ns", -9_223_372_036_854_775_808n, "-2562047h47m16.854775808s"],
  ] as const) {
    assert.equal(parseGoDuration(text), ns, text);
    assert.equal(formatGoDuration(ns), written);
    assert.equal(parseGoDuration(written), ns);
  }
});

test("what Go refuses is refused with the reason", () => {
  const expected = "; expected for example 20s, 1m30s or 500ms";
  const units = "(units are ns, us, ms, s, m, h)";
  for (const [text, why] of [
    ["", "it is empty"],
    ["-", "it is empty"],
    ["20", "it has no unit (ns, us, ms, s, m, h)"],
    ["1h20", "it has no unit (ns, us, ms, s, m, h)"],
    ["s", 'it needs a number before "s"'],
    [".s", 'it needs a number before ".s"'],
    ["--1s", 'it needs a number before "-"'],
    ["1d", `it has an unknown unit "d" ${units}`],
    ["1 s", `it has an unknown unit " s" ${units}`],
    ["1S", `it has an unknown unit "S" ${units}`],
    ["1.2.3s", "it has no unit (ns, us, ms, s, m, h)"],
    ["9223372036854775808ns", "it is too long for Go, which ends at about 292 years"],
    ["3000000h", "it is too long for Go, which ends at about 292 years"],
  ] as const) {
    assert.throws(() => parseGoDuration(text), {
      name: "TypeError",
      message: `${JSON.stringify(text)} is not a Go duration: ${why}${expected}`,
    });
  }
});
