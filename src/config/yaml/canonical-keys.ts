import { isMap, isScalar, isSeq, Pair, Scalar, YAMLMap } from "yaml";
import { foldCase, nearMiss } from "../../target/key-names.js";
import { type Inheritance, inheritance, isGoZeroOnly } from "../schema/field-annotations.js";
import { goNumber } from "./go-number.js";
import { keyName } from "./places.js";
import { itemSchemas, type Schema, structureOf } from "./structure.js";
import type { YamlFile } from "./yaml-file.js";

type Path = readonly PropertyKey[];

/** What was noticed about a file's keys. */
export interface KeyFindings {
  /** Unknown keys that look like known ones: where they stand, and the name that was probably meant. */
  readonly nearMisses: { path: Path; meant: string }[];
  /** Keys written twice, in different cases. */
  readonly doubles: { path: Path; other: string }[];
  /** Keys of go-zero that mean nothing here, or nothing yet. */
  readonly ignored: Path[];
  /** What is taken from around a section: its key, and where the section stands that takes it. */
  readonly warnings: { path: Path; place: Path; message: string }[];
}

/**
 * Brings the keys of a YAML tree to the names the schema has for them, without regard to case, as go-zero does; keys
 * that the schema leaves free (of records, of applications) stay as they are. Also does to the tree what go-zero does on
 * its way: a text key without a value is empty text, YAML 1.1's words for true and false are booleans where one is expected,
 * what a variable brought is text where text is, and fields marked as inherited are filled from the sections around.
 */
export function canonicaliseKeys(file: YamlFile, schema: Schema): KeyFindings {
  const walk = new Walk(file);
  walk.node(file.document.contents, [schema], [], []);
  return walk.findings;
}

class Walk {
  readonly findings: KeyFindings = { nearMisses: [], doubles: [], ignored: [], warnings: [] };
  readonly #file: YamlFile;

  constructor(file: YamlFile) {
    this.#file = file;
  }

  /** @param around the mappings that hold this node, innermost first */
  node(node: unknown, schemas: readonly Schema[], path: Path, around: readonly YAMLMap[]): void {
    if (schemas.length === 0) return;
    if (isMap(node)) this.#map(node, schemas, path, around);
    if (!isSeq(node)) return;
    const structure = structureOf(schemas);
    for (const [i, item] of node.items.entries()) {
      const own = itemSchemas(structure, i);
      const value = this.#scalar(item, own);
      node.items[i] = value;
      this.node(value, own, [...path, i], around);
    }
  }

  /** A value as its schema wants it: what YAML makes of it depends on what is expected. */
  #scalar(node: unknown, schemas: readonly Schema[]): unknown {
    if (schemas.length === 0) return node;
    const { text, boolean, number } = structureOf(schemas);
    if (text) {
      const brought = this.#file.broughtText(node);
      if (brought !== undefined) return placed(new Scalar(brought), node);
      if (isNothing(node)) return placed(new Scalar(""), node);
    } else if (boolean && isScalar(node) && node.type === Scalar.PLAIN && typeof node.value === "string") {
      if (/^(y|yes|on)$/i.test(node.value)) return placed(new Scalar(true), node);
      if (/^(n|no|off)$/i.test(node.value)) return placed(new Scalar(false), node);
    } else if (number && isScalar(node) && node.type === Scalar.PLAIN) {
      const goZeros = goNumber(this.#file.broughtText(node) ?? node.source ?? "");
      if (goZeros !== undefined) return placed(new Scalar(goZeros), node);
    }
    return node;
  }

  #map(map: YAMLMap, schemas: readonly Schema[], path: Path, around: readonly YAMLMap[]): void {
    expandMerges(map);
    const { fields, values } = structureOf(schemas);
    const names = new Map([...fields.keys()].map((name) => [foldCase(name), name]));
    const inside = [map, ...around];

    const seen = new Map<string, string>();
    const strangers: string[] = [];
    for (const pair of map.items) {
      const written = keyName(pair.key);
      if (written === undefined) continue;
      const name = fields.has(written) ? written : names.get(foldCase(written));
      if (name === undefined) {
        if (fields.size > 0) strangers.push(written);
        pair.value = this.#scalar(pair.value, values);
        this.node(pair.value, values, [...path, written], inside);
        continue;
      }
      const other = seen.get(name);
      if (other !== undefined) this.findings.doubles.push({ path: [...path, name], other: `${other} and ${written}` });
      seen.set(name, written);
      (pair.key as Scalar).value = name;
    }

    for (const [name, schemasOfField] of fields) this.#field(map, name, schemasOfField, path, inside);

    const absent = [...fields.keys()].filter((name) => !seen.has(name));
    for (const written of strangers) {
      const meant = nearMiss(written, absent);
      if (meant) this.findings.nearMisses.push({ path: [...path, written], meant });
    }
  }

  #field(map: YAMLMap, name: string, schemas: readonly Schema[], path: Path, inside: readonly YAMLMap[]): void {
    for (const schema of schemas) {
      const rule = inheritance(schema);
      if (rule) this.#inherit(map, name, rule, path, inside.slice(1));
    }
    const pair = find(map, name);
    if (!pair) return;
    const here = [...path, name];
    if (schemas.some(isGoZeroOnly)) {
      this.findings.ignored.push(here);
      return;
    }
    pair.value = this.#scalar(pair.value, schemas);
    this.node(pair.value, schemas, here, inside);
  }

  /** Fills what a section lacks from the sections of the same name around it, the nearest first. */
  #inherit(
    map: YAMLMap,
    name: string,
    { unless, notToShare }: Inheritance,
    path: Path,
    around: readonly YAMLMap[],
  ): void {
    if (unless.some((other) => saysSomething(find(map, other)?.value))) return;
    for (const outer of around) {
      const source = find(outer, name)?.value;
      if (!isMap(source)) continue;
      const own = find(map, name);
      if (!isMap(own?.value) && saysSomething(own?.value)) return;
      const merged = new YAMLMap();
      if (isMap(own?.value)) {
        expandMerges(own.value);
        merged.items.push(...own.value.items);
      }
      expandMerges(source);
      for (const pair of source.items) {
        const key = keyName(pair.key);
        if (key === undefined || find(merged, key)) continue;
        merged.items.push(pair);
        if (foldCase(key) === foldCase(notToShare)) {
          const message =
            "is taken from the section around it, which means this service itself; write the key of the service that is called";
          this.findings.warnings.push({ path: [...path, name, notToShare], place: [...path, name], message });
        }
      }
      if (own) own.value = merged;
      else map.items.push(new Pair(new Scalar(name), merged));
    }
  }
}

/** Puts what merge keys ("<<") bring in their places, so that it is like any other key. */
function expandMerges(map: YAMLMap): void {
  const merges = map.items.filter(({ key }) => isMergeKey(key));
  map.items = map.items.filter((pair) => !merges.includes(pair));
  for (const { value } of merges) {
    for (const source of isSeq(value) ? value.items : [value]) {
      if (!isMap(source)) continue;
      expandMerges(source);
      map.items.push(...source.items.filter(({ key }) => !find(map, keyName(key) ?? "")));
    }
  }
}

function find(map: YAMLMap, name: string): Pair | undefined {
  const folded = foldCase(name);
  return map.items.find(({ key }) => foldCase(keyName(key) ?? "") === folded);
}

/** A node that stands in another's place keeps it, so that errors find it. */
function placed(node: Scalar, instead: unknown): Scalar {
  const { range, source } = (isScalar(instead) ? instead : {}) as Scalar;
  return Object.assign(node, range && { range }, source !== undefined && { source });
}

function isNothing(value: unknown): boolean {
  return value === null || (isScalar(value) && value.value === null);
}

/** Empty text and empty lists count as not given. */
function saysSomething(value: unknown): boolean {
  if (isSeq(value)) return value.items.length > 0;
  return value !== undefined && !isNothing(value) && !(isScalar(value) && value.value === "");
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && typeof key.value === "symbol" && key.value.description === "<<";
}
