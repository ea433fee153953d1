import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const readme = readFileSync("README.md", "utf8");
const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(([, text]) => text!);
}

test("every program and configuration in the README is part of an example, which is run", () => {
  const examples = readdirSync("examples", { recursive: true, withFileTypes: true })
    .filter((entry) => /\.(ts|yaml)$/.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
  const shown = [...blocks("ts"), ...blocks("yaml")];
  assert.ok(shown.length > 0);
  for (const block of shown)
    assert.ok(
      examples.some((example) => example.includes(block)),
      `no example has:\n${block}`,
    );
});

test("the quick start says which kind of module its programs are, and the installation names all that they import", () => {
  const [, quickStart = ""] = readme.split(/^## Quick start.*$/m);
  assert.match(quickStart, /`"type": "module"`/);
  const [, installed = ""] = /`npm install ([^`]+)`/.exec(readme) ?? [];
  const imports = blocks("ts").flatMap((block) =>
    [...block.matchAll(/(?:from|^import) "([^."][^"]*)"/gm)].map(([, name]) => name!),
  );
  const packages = new Set(imports.map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)![0]));
  assert.ok(packages.has("rollcall") && packages.has("@grpc/grpc-js"));
  for (const name of packages) {
    const given = installed
      .split(" ")
      .some((word) => word === name || (/(^|\/)rollcall-[\d.]+\.tgz$/.test(word) && name === "rollcall"));
    assert.ok(given, `${name} is not in: npm install ${installed}`);
  }
});

test("every command that the README names exists", () => {
  const makefile = readFileSync("Makefile", "utf8");
  for (const [, target] of readme.matchAll(/^make ([a-z-]+)/gm)) assert.match(makefile, new RegExp(`^${target}:`, "m"));
  for (const [, script] of readme.matchAll(/npm run ([a-z:-]+)/g)) assert.ok(scripts[script!], `npm run ${script}`);
});

test("every link of the README and of docs/ to a file of this repository leads somewhere", () => {
  const pages = [
    "README.md",
    ...readdirSync("docs")
      .filter((name) => name.endsWith(".md"))
      .map((name) => join("docs", name)),
  ];
  for (const page of pages) {
    for (const [, link] of readFileSync(page, "utf8").matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      assert.ok(existsSync(join(page, "..", link!)), `${page} links to ${link}`);
    }
  }
});
