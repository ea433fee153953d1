import { adviceOf } from "./schema/field-annotations.js";
import { itemSchemas, type Schema, structureOf } from "./yaml/structure.js";

/** Something worth knowing about a value that is allowed. */
export interface Advised {
  readonly path: readonly PropertyKey[];
  /** Follows on the key. */
  readonly message: string;
}

/**
 * What a valid configuration should be told all the same: values that are allowed and that hardly anyone means.
 * @param value as read by the schema
 * @param given as written
 */
export function adviceFor(schema: Schema, value: unknown, given: unknown): Advised[] {
  return [...collect([schema], value, given, [])];
}

function* collect(
  schemas: readonly Schema[],
  value: unknown,
  given: unknown,
  path: readonly PropertyKey[],
): Generator<Advised> {
  if (schemas.length === 0) return;
  const structure = structureOf(schemas);
  const { fields, values, layers } = structure;
  for (const layer of new Set(layers)) {
    const advice = value === undefined && given === undefined ? undefined : adviceOf(layer)?.(value, given);
    if (typeof advice === "string") yield { path, message: advice };
    else
      for (const [key, message] of Object.entries(advice ?? {})) if (message) yield { path: [...path, key], message };
  }
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries())
      yield* collect(itemSchemas(structure, i), item, child(given, i), [...path, i]);
  } else if (isMapping(value)) {
    for (const [name, field] of fields) yield* collect(field, value[name], child(given, name), [...path, name]);
    if (values.length > 0) {
      for (const [name, one] of Object.entries(value)) yield* collect(values, one, child(given, name), [...path, name]);
    }
  }
}

function child(of: unknown, name: PropertyKey): unknown {
  return typeof of === "object" && of !== null ? (of as Record<PropertyKey, unknown>)[name] : undefined;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
