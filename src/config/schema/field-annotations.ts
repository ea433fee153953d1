/** What the loader has to know of a field beyond what its schema says. Marks stay with a field when a schema is extended. */
import { z } from "zod";

export interface Inheritance {
  /** Fields beside it that make an inherited value pointless where they say something. */
  readonly unless: readonly string[];
  /** The key in it that two sections hardly ever mean to share. */
  readonly notToShare: string;
}

/**
 * What should be known about a value that is allowed: undefined, or words that follow on the key; of a section, words by
 * the keys in it.
 * @param value as read
 * @param given as written; undefined when the key is absent
 */
export type Advice = (
  value: unknown,
  given: unknown,
) => string | Readonly<Record<string, string | undefined>> | undefined;

const inherited = new WeakMap<object, Inheritance>();
const advised = new WeakMap<object, Advice>();
const goZeroOnlyFields = new WeakSet<object>();

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

/** Adds a warning that some values of a field deserve, given when the file is loaded or the client is made. */
export function advise<Schema extends z.ZodType>(schema: Schema, advice: Advice): Schema {
  advised.set(schema, advice);
  return schema;
}

export function adviceOf(schema: object): Advice | undefined {
  return advised.get(schema);
}

/** A key of go-zero that means nothing here: accepted whatever it holds, and left out of the result. */
export function goZeroOnly() {
  const schema = z
    .unknown()
    .transform((): undefined => undefined)
    .optional();
  goZeroOnlyFields.add(schema);
  return schema;
}

/** Whether the field is a key of go-zero without a meaning here, whose content is not looked at. */
export function isGoZeroOnly(schema: object): boolean {
  return goZeroOnlyFields.has(schema);
}
