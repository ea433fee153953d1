import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { type Manifest, manifest } from "./manifest-schema.js";

const DIRECTORY = fileURLToPath(new URL("../../examples/kubernetes", import.meta.url));

/** Every object of examples/kubernetes, file by file. Fails where one is no YAML or breaks the schema. */
export function exampleManifests(): Manifest[] {
  return readdirSync(DIRECTORY)
    .filter((file) => file.endsWith(".yaml"))
    .flatMap(readManifests);
}

function readManifests(file: string): Manifest[] {
  return parseAllDocuments(readFileSync(join(DIRECTORY, file), "utf8")).map((document) => {
    assert.deepEqual(document.errors, [], file);
    const { success, data, error } = manifest.safeParse(document.toJS());
    assert.ok(success, `${file}: ${error && z.prettifyError(error)}`);
    return data;
  });
}
