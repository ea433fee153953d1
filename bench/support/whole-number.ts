/** The value of a flag that counts something. @throws Error that names the flag and the expected form. */
export function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${flag} ${text}: want a whole number above 0`);
  return value;
}
