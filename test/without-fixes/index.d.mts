export interface Fix {
  /** The issue and its item, such as "13.20". */
  item: string;
  /** What users are promised, in few words. */
  promise: string;
  /** File, text that stands once in it, and what takes its place. */
  changes: readonly (readonly [file: string, text: string, instead: string])[];
  /** The test's file. */
  test: string;
  /** The name of the test that has to fail, or how the names of several begin. */
  name: string;
}

export declare const fixes: readonly Fix[];
