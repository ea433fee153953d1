import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import type { z } from "zod";
import { ConfigError } from "../config/config-error.js";
import { readConfig } from "../config/load.js";

/** Configuration files for tests: written, loaded, and read with what was said of them in lines of `line:column: key: message`. */
export class ConfigFile {
  readonly #folder = mkdtempSync(join(tmpdir(), "rollcall-config-"));
  readonly name = join(this.#folder, "cart.yaml");

  constructor() {
    after(() => rmSync(this.#folder, { recursive: true }));
  }

  write(content: string | Uint8Array): void {
    writeFileSync(this.name, content);
  }

  load<Schema extends z.ZodType>(yaml: string, schema: Schema, env: NodeJS.ProcessEnv = {}) {
    this.write(yaml);
    return readConfig(this.name, schema, { env });
  }

  async read<Schema extends z.ZodType>(yaml: string, schema: Schema, env: NodeJS.ProcessEnv = {}) {
    const { config, warnings, ignored } = await this.load(yaml, schema, env);
    const told = warnings.map(({ line, column, key, message }) => `${line}:${column} ${key} ${message}`.trim());
    return { config, warnings: told, ignored };
  }

  /** The lines of the error, without the file's name. */
  async problems(yaml: string | Uint8Array, schema: z.ZodType, env: NodeJS.ProcessEnv = {}): Promise<string[]> {
    this.write(yaml);
    const error = await readConfig(this.name, schema, { env }).then(
      () => assert.fail(`accepted:\n${yaml}`),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ConfigError, String(error));
    return error.message.split("\n").map((line) => {
      assert.ok(line.startsWith(`${this.name}:`), line);
      return line.slice(this.name.length + 1).trim();
    });
  }
}
