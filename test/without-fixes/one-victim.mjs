/** One fault, one victim. */
export const oneVictim = [
  {
    item: "13.20",
    promise: "a number from outside never overflows a timer",
    changes: [["src/async/backoff.ts", "Math.min(ms, LONGEST_TIMER_MS)", "ms"]],
    test: "src/async/backoff.test.ts",
    name: "a timer is safe at any number from outside",
  },
];
