/** A bug to plant: files, what stands there once, and what is to stand there instead. */
export const plants: readonly {
  readonly name: string;
  readonly changes: readonly (readonly [string, string, string])[];
}[];
