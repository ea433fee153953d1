/**
 * Whole numbers that go-zero's YAML library (YAML 1.1) reads otherwise than YAML 1.2 does: 0755 is octal there, 0b11 binary,
 * and 2_000 is 2000. Undefined for all others.
 */
export function goNumber(source: string): bigint | undefined {
  const plain = source.replaceAll("_", "");
  const [, sign, digits] = /^([-+]?)(0b[01]+|0[0-7]+|[0-9]+)$/.exec(plain) ?? [];
  if (digits === undefined || source.startsWith("_")) return undefined;
  const octal = /^0[0-7]+$/.test(digits);
  if (!octal && !digits.startsWith("0b") && plain === source) return undefined;
  const value = BigInt(octal ? `0o${digits.slice(1)}` : digits);
  return sign === "-" ? -value : value;
}
