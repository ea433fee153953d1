import { type Document, isAlias, isCollection, isScalar, type Node, visit } from "yaml";

/** What parses as YAML and yet cannot be used, and where it begins in the file. */
export interface Unusable {
  readonly message: string;
  readonly offset: number;
}

/** Keys that one mapping has twice. The parser's own check takes the square of their number. */
export function repeatedKeys(document: Document.Parsed): Unusable[] {
  const found: Unusable[] = [];
  visit(document, {
    Map: (_key, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key) || typeof key.value === "symbol") continue;
        if (seen.has(key.value))
          found.push({ message: "is not YAML: map keys must be unique", offset: key.range?.[0] ?? 0 });
        seen.add(key.value);
      }
    },
  });
  return found;
}

/** Lists and mappings that serve as keys: go-zero refuses them too. Most are placeholders that a template engine was to replace. */
export function keysOfSeveralValues(document: Document.Parsed): Unusable[] {
  const found: Unusable[] = [];
  visit(document, {
    Pair: (_key, { key }) => {
      if (!isCollection(isAlias(key) ? key.resolve(document) : key)) return;
      const message = 'is not usable YAML: a list or a mapping is a key here; quote text that begins with "{" or "["';
      found.push({ message, offset: (key as Node).range?.[0] ?? 0 });
    },
  });
  return found;
}

/** Aliases of nothing, and of what they stand in. The first is often a password that begins with "*", so its name is not shown. */
export function badAliases(document: Document.Parsed): Unusable[] {
  const found: Unusable[] = [];
  visit(document, {
    Alias: (_key, alias, path) => {
      const meant = alias.resolve(document);
      const offset = alias.range?.[0] ?? 0;
      if (!meant) {
        const message =
          'is not usable YAML: "*" begins an alias, and there is no such anchor before it; quote text that begins with "*"';
        found.push({ message, offset });
      } else if (path.includes(meant)) {
        found.push({ message: "is not usable YAML: an alias stands inside what it is an alias of", offset });
      }
    },
  });
  return found;
}
