import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { COMMANDS } from "../../src/cli/commands.js";
import { makeProgram } from "../../src/cli/program.js";
import { runCli, startCli } from "../support/programs/cli.js";
import { CliWorld } from "../support/programs/cli-world.js";
import { Terminal, terminalSkipReason } from "../support/programs/terminal.js";

const PAGE = new URL("../../docs/cli.md", import.meta.url);
/** Writes what the commands print now into the page: UPDATE_DOCS=1 node scripts/test.mjs test/docs/cli */
const updates = process.env.UPDATE_DOCS === "1";
/** Their words follow from chance and from the machine; of the others every line is held to the page. */
const VARYING = ["top", "why", "replay", "watch"];

let text = readFileSync(PAGE, "utf8");
let world: CliWorld;

before(async () => {
  world = await CliWorld.start();
});
after(() => world.end());

interface Example {
  readonly command: string;
  readonly args: string[];
  readonly shown: string;
  readonly isLive: boolean;
}

const examples = [...text.matchAll(/^```console\n\$ rollcall (.*)\n([^`]*)^```/gm)].map(([, line, shown]): Example => {
  const [words, comment] = line!.split(/ +# /);
  const args = words!.split(" ");
  return { command: args[0]!, args, shown: shown!, isLive: comment === "on a terminal" };
});

test("every command has its section, and its examples print what the page shows", async (t) => {
  for (const { name, hidden } of COMMANDS) {
    if (!hidden) assert.match(text, new RegExp(`\\[\`(\\w+\`, \`)?${name}\`[\\],]`), name);
  }
  assert.ok(examples.length >= 9);
  for (const example of examples) {
    const { command, args, shown, isLive } = example;
    if (isLive && terminalSkipReason()) continue;
    const printed = world.asShown(await output(t, example));
    if (updates) {
      const block = `$ rollcall ${args.join(" ")}${isLive ? "    # on a terminal" : ""}\n`;
      text = text.replace(`${block}${shown}\`\`\``, () => `${block}${printed}\n\`\`\``);
      continue;
    }
    const [now, page] = [printed, shown.trimEnd()].map(shapeOf);
    if (!VARYING.includes(command)) assert.deepEqual(now, page, args.join(" "));
    // Of a table the columns stay.
    else assert.deepEqual(titles(now!), titles(page!), args.join(" "));
  }
  if (updates) writeFileSync(PAGE, text);
});

/** What a command prints; of those that go on, as much as the page shows. */
async function output(t: Parameters<typeof runCli>[0], { command, args, shown, isLive }: Example): Promise<string> {
  const given = args.map((word) => world.asReal(word));
  if (isLive) {
    const terminal = new Terminal(t, given, { columns: 100, rows: 14, env: world.env });
    const lines = await terminal.until((drawn) => drawn.filter((line) => / serving /.test(line)).length === 3);
    terminal.send("q");
    await terminal.end();
    return lines.map((line) => line.trimEnd()).join("\n");
  }
  if (command === "watch" || command === "dev") {
    const lines = Math.max(1, updates && command === "watch" ? 3 : shown.trimEnd().split("\n").length);
    const child = startCli(t, given, world.env);
    let written = "";
    for await (const chunk of child.stdout!.setEncoding("utf8")) {
      written += chunk;
      if (written.split("\n").length > lines) break;
    }
    return written.split("\n").slice(0, lines).join("\n");
  }
  const { code, stdout, stderr } = await runCli(t, given, world.env);
  assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
  return (stdout + stderr).trimEnd();
}

/** Lines without what changes: numbers, and the space that they take. */
function shapeOf(printed: string): string[] {
  return printed.split("\n").map((line) =>
    line
      .replace(/\d+([.,]\d+)*/g, "#")
      .replace(/ +/g, " ")
      .trim(),
  );
}

function titles(lines: readonly string[]): string[] {
  return lines.filter((line) => /^[A-Z#][A-Z#/_ ]+[A-Z#]$/.test(line));
}

/** The section of a command, or of what all of them have. */
function sectionOf(heading: string): string {
  const [, body = ""] = new RegExp(`^## ${heading}\\n([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, "m").exec(text) ?? [];
  return body;
}

/** What stands in the table of options, each as the help writes it. */
function optionsIn(section: string): string[] {
  const [, table = ""] = /^\| option \| default \|.*\n\|.*\n((?:\|.*\n)+)/m.exec(section) ?? [];
  return [...table.matchAll(/^\| ([^|]*) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`([^`]+)`/g)].map(([, option]) => option!),
  );
}

test("every option of every command stands on the page with its default, and no other", async () => {
  const program = await makeProgram(() => true);
  const common = optionsIn(sectionOf("What all of them keep to"));
  for (const { name, hidden } of COMMANDS) {
    if (hidden) continue;
    const heading = /^(?:pause|resume)$/.test(name) ? "pause and resume" : name;
    const command = program.commands.find((one) => one.name() === name)!;
    const flags = command.options.map((option) => option.flags);
    const shared = flags.includes(common[0]!) ? common : [];
    assert.deepEqual([...optionsIn(sectionOf(heading)), ...shared].sort(), [...flags].sort(), name);
    for (const { flags, defaultValue } of command.options) {
      if (defaultValue === undefined || typeof defaultValue === "boolean") continue;
      const row = text.split("\n").filter((line) => line.startsWith("| `-") && line.includes(`\`${flags}\``));
      assert.ok(
        row.some((line) => line.split(" | ")[1]!.includes(String(defaultValue))),
        `${name} ${flags} is ${defaultValue} by default`,
      );
    }
  }
});

type Field = { readonly type: string; readonly isOptional: boolean };

/** The fields of a section's table: one row may have several. */
function fieldsOf(section: string, column = "field"): Map<string, Field> {
  const body = sectionOf(section);
  const [, table = ""] = new RegExp(`^\\| ${column} \\| type \\|.*\\n\\|.*\\n((?:\\|.*\\n)+)`, "m").exec(body) ?? [];
  const rows = [...table.matchAll(/^\| (.*?) \| (\w+) \|/gm)].flatMap(([, names, type]) =>
    [...names!.matchAll(/`([^`]+)`/g)].map(([, name]) => {
      return [name!.replace(/\?$/, ""), { type: type!, isOptional: name!.endsWith("?") }] as const;
    }),
  );
  assert.ok(rows.length > 0, `${section} has a table of ${column}`);
  return new Map(rows);
}

/** Holds a value to the table: no field that is not there, none missing that is not optional, each of its type. */
function conforms(value: unknown, fields: ReadonlyMap<string, Field>, path = ""): void {
  if (Array.isArray(value)) {
    for (const item of value) check(item, fields, `${path}[]`);
    return;
  }
  const found = value as Record<string, unknown>;
  const inside = path === "" ? "" : `${path}.`;
  for (const [name, inner] of Object.entries(found)) {
    check(inner, fields, fields.has(`${inside}${name}`) ? `${inside}${name}` : `${inside}*`);
  }
  for (const [name, { isOptional }] of fields) {
    const own = name.startsWith(inside) ? name.slice(inside.length) : "";
    if (/^\w+$/.test(own) && !isOptional) assert.ok(own in found, `${name} is missing`);
  }
}

function check(value: unknown, fields: ReadonlyMap<string, Field>, path: string): void {
  const isPlain = typeof value !== "object";
  const field = fields.get(path);
  assert.ok(field || !isPlain, `the page does not know ${path} = ${JSON.stringify(value)}`);
  if (field) assert.equal(Array.isArray(value) ? "array" : typeof value, field.type, path);
  if (!isPlain) conforms(value, fields, path);
}

test("what --json prints is what the tables of the page say", async (t) => {
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCli(t, [...args.map((word) => world.asReal(word)), "--json"], world.env);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as unknown;
  };
  const each = (values: unknown, fields: ReadonlyMap<string, Field>) => {
    assert.ok(Array.isArray(values) && values.length > 0);
    for (const value of values) conforms(value, fields);
  };
  each(await json("ls"), fieldsOf("ls"));
  each(await json("ls", "--snapshots"), fieldsOf("ls", "field of `--snapshots`"));
  conforms(await json("top", "--once", "--interval", "0.3"), fieldsOf("top"));
  each(await json("why", "order.rpc", "--save", "calls.json"), fieldsOf("why"));
  const settings = ["--policy", "round_robin", "--weight", "10.20.0.11:8080=2", "--hedge", "20", "--seed", "1"];
  conforms(await json("replay", "calls.json", "--zone", "", "--subset", "0", ...settings), fieldsOf("replay"));
  each(await json("doctor", "cart.yaml"), fieldsOf("doctor"));
  for (const command of ["pause", "resume"]) {
    conforms(await json(command, "order.rpc", "10.20.0.13:8080"), fieldsOf("pause and resume"));
  }
  const child = startCli(t, ["watch", "order.rpc", "--json"], world.env);
  let seen = "";
  for await (const chunk of child.stdout!.setEncoding("utf8")) {
    seen += chunk;
    if (seen.split("\n").length > 3) break;
  }
  each(
    seen
      .split("\n")
      .slice(0, 3)
      .map((line) => JSON.parse(line)),
    fieldsOf("watch"),
  );
});
