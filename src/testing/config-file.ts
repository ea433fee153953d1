import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import type { z } from "zod";
import { ConfigError } from "../config/config-error.js";
import { readConfig } from "../config/load.js";

/** Configuration files for tests: written, read, and what was said of them in lines of `line:column: key: message`. */
export class ConfigFile {
  readonly #folder = mkdtempSync(join(tmpdir(), "rollcall-config-"));
  readonly name = join(this.#folder, "cart.yaml");

  constructor() {
    after(() => rmSync(this.#folder, { recursive: true }));
  }

  async read<Schema extends z.ZodType>(yaml: string, schema: Schema, env: NodeJS.ProcessEnv = {}) {
    writeFileSync(this.name, yaml);
    const { config, warnings, ignored } = await readConfig(this.name, schema, { env });
    const told = warnings.map(({ line, column, key, message }) => `${line}:${column} ${key} ${message}`.trim());
    return { config, warnings: told, ignored };
  }

  /** The lines of the error. */
  async problems(yaml: string, schema: z.ZodType, env: NodeJS.ProcessEnv = {}): Promise<string[]> {
    writeFileSync(this.name, yaml);
    const error = await readConfig(this.name, schema, { env }).then(
      () => assert.fail(`accepted:\n${yaml}`),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ConfigError, String(error));
    return error.message.split("\n").map((line) => line.slice(this.name.length + 1).trim());
  }
}
