import type { z } from "zod";

export type Schema = z.core.$ZodType;

/** What a schema says about the keys below it, whatever it is wrapped in. */
export interface Structure {
  /** Named keys; several schemas where a union gives one name to several things. */
  readonly fields: Map<string, Schema[]>;
  /** Of a record's values, whose keys are free. */
  readonly values: Schema[];
  /** Of a list's items, wherever they stand. */
  readonly items: Schema[];
  /** Of a tuple's items, by their places. */
  readonly places: Schema[][];
  /** Whether plain text is accepted. */
  text: boolean;
  /** Whether true and false are. */
  boolean: boolean;
  /** Whether numbers are. */
  number: boolean;
  /** The schemas given and those they wrap, outermost first: where annotations may hang. */
  readonly layers: Schema[];
}

export function structureOf(schemas: readonly Schema[]): Structure {
  const found: Structure = {
    fields: new Map(),
    values: [],
    items: [],
    places: [],
    text: false,
    boolean: false,
    number: false,
    layers: [],
  };
  for (const schema of schemas) collect(schema, found);
  return found;
}

/** The schemas of one item of a list or a tuple. */
export function itemSchemas({ items, places }: Structure, place: number): Schema[] {
  return [...items, ...(places[place] ?? [])];
}

function collect(schema: Schema, found: Structure): void {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  found.layers.push(schema);
  switch (def.type) {
    case "object":
      for (const [name, field] of Object.entries(def.shape)) {
        found.fields.set(name, [...(found.fields.get(name) ?? []), field]);
      }
      break;
    case "record":
      found.values.push(def.valueType);
      break;
    case "array":
      found.items.push(def.element);
      break;
    case "tuple":
      for (const [i, item] of def.items.entries()) found.places[i] = [...(found.places[i] ?? []), item];
      break;
    case "string":
      found.text = true;
      break;
    case "boolean":
      found.boolean = true;
      break;
    case "literal":
      found.boolean ||= def.values.some((value) => typeof value === "boolean");
      break;
    case "number":
    case "bigint":
      found.number = true;
      break;
    case "union":
      for (const option of def.options) collect(option, found);
      break;
    case "intersection":
      collect(def.left, found);
      collect(def.right, found);
      break;
    case "pipe":
      collect(def.in, found);
      collect(def.out, found);
      break;
    case "lazy":
      collect(def.getter(), found);
      break;
    default:
      // optional, nullable, default, prefault, readonly, catch, …
      if ("innerType" in def) collect(def.innerType, found);
  }
}
