/** What the loader has to know of a field beyond what its schema says. Marks stay with a field when a schema is extended. */
import { z } from "zod";

export interface Inheritance {
  /** Fields beside it whose presence makes an inherited value pointless. */
  readonly unless: readonly string[];
  /** The key in it that two sections hardly ever mean to share. */
  readonly notToShare: string;
}

const inherited = new WeakMap<object, Inheritance>();
const warnings = new WeakMap<object, string>();

/**
 * Marks a field that takes what it lacks from the field of the same name in the sections around it (go-zero's
 * `inherit`), so that the clients in a server's file need not repeat where etcd is.
 */
export function inherit<Schema extends z.ZodType>(schema: Schema, rule: Inheritance): Schema {
  inherited.set(schema, rule);
  return schema;
}

export function inheritance(schema: object): Inheritance | undefined {
  return inherited.get(schema);
}

const anything = () =>
  z
    .unknown()
    .transform((): undefined => undefined)
    .optional();

/** A key of go-zero that means nothing here: accepted whatever it holds, and left out of the result. */
export const goZeroOnly = anything();

/** A key of go-zero that means nothing here, but whose users must know that when it is switched on. */
export function goZeroOnlyWithWarning(warning: string): typeof goZeroOnly {
  const schema = anything();
  warnings.set(schema, warning);
  return schema;
}

/** Whether the field is a key of go-zero without a meaning here. */
export function isGoZeroOnly(schema: object): boolean {
  return schema === goZeroOnly || warnings.has(schema);
}

export function warningOf(schema: object): string | undefined {
  return warnings.get(schema);
}
