import { probablyMeant } from "../target/key-names.js";
import { itemSchemas, type Schema, structureOf } from "./yaml/structure.js";

/** An unknown key, and the known one that was probably meant. */
export interface Misspelt {
  readonly path: readonly PropertyKey[];
  readonly meant: string;
}

/**
 * Keys of a configuration given in code that look like known ones, in other letters or another case: what a file's
 * loader finds in a file. Other unknown keys are an application's own.
 */
export function misspelt(schema: Schema, given: unknown): Misspelt[] {
  return [...collect([schema], given, [])];
}

function* collect(schemas: readonly Schema[], given: unknown, path: readonly PropertyKey[]): Generator<Misspelt> {
  if (schemas.length === 0 || typeof given !== "object" || given === null) return;
  const structure = structureOf(schemas);
  const { fields, values } = structure;
  if (Array.isArray(given)) {
    for (const [i, item] of given.entries()) yield* collect(itemSchemas(structure, i), item, [...path, i]);
    return;
  }
  const absent = [...fields.keys()].filter((name) => !Object.hasOwn(given, name));
  for (const [name, value] of Object.entries(given)) {
    const field = fields.get(name);
    if (field) yield* collect(field, value, [...path, name]);
    else if (values.length > 0) yield* collect(values, value, [...path, name]);
    else {
      const meant = probablyMeant(name, absent);
      if (meant) yield { path: [...path, name], meant };
    }
  }
}
