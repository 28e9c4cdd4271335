/** cli_options.ts: the command line, and what is wrong with it. */

import assert from "node:assert/strict";
import { HELP, parseCliOptions } from "../../../lib/cli_options.ts";

const none = { action: "run", json: false, quiet: false, verbose: false, progress: true };

Deno.test("arguments become options", () => {
  const cases: readonly (readonly [readonly string[], object])[] = [
    [[], {}],
    [["my.yaml"], { config: "my.yaml" }],
    [["--check", "a/b.yaml"], { config: "a/b.yaml", mode: "check" }],
    [["--migrate", "--json"], { mode: "migrate", json: true }],
    [["--quiet", "--no-progress"], { quiet: true, progress: false }],
    [["--verbose"], { verbose: true }],
    [["--init", "new.yaml"], { action: "init", config: "new.yaml" }],
    [["--schema"], { action: "schema", schemaOf: "config" }],
    [["--schema", "config"], { action: "schema", schemaOf: "config" }],
    [["--schema", "report"], { action: "schema", schemaOf: "report" }],
    [["--verify"], { action: "verify" }],
    [["-h"], { action: "help" }],
    [["--help", "--init"], { action: "help" }],
    [["-V"], { action: "version" }],
    [["--", "--odd.yaml"], { config: "--odd.yaml" }],
  ];
  for (const [args, options] of cases) {
    assert.deepEqual(parseCliOptions(args), { ...none, ...options }, args.join(" "));
  }
});

Deno.test("what makes no sense is a sentence that names it", () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["--migrat"], /--migrat/],
    [["-x"], /-x/],
    [["--json=yes"], /--json/],
    [["--check", "--migrate"], /^--check and --migrate exclude each other$/],
    [["--quiet", "--verbose"], /^--quiet and --verbose exclude each other$/],
    [["--verify", "--migrate"], /^--verify and --migrate exclude each other$/],
    [["--init", "--verify"], /^--init and --verify exclude each other$/],
    [["--schema", "log"], /^--schema knows config and report, not log$/],
    [["--schema", "config", "report"], /^Expected one/],
    [["--schema=report"], /--schema/],
    [["a.yaml", "b.yaml"], /^Expected one config file, got 2: a\.yaml, b\.yaml$/],
  ];
  for (const [args, says] of cases) {
    const wrong = parseCliOptions(args);
    assert.ok(typeof wrong === "string", args.join(" "));
    assert.match(wrong, says);
    assert.doesNotMatch(wrong, /\n|\.$/);
  }
});

Deno.test("the help names every option and every exit status, and fits 80 columns and 24 rows", () => {
  const flags = ["check", "migrate", "verify", "init", "schema", "json", "quiet", "verbose"];
  for (const flag of [...flags, "no-progress", "help", "version"]) {
    assert.ok(HELP.includes(`--${flag}`), flag);
  }
  for (const status of [0, 1, 2, 3, 130]) assert.match(HELP, new RegExp(`(^|\\s)${status} `, "m"));
  const lines = HELP.split("\n");
  for (const line of lines) assert.ok(line.length <= 80, line);
  // The last one is the prompt's.
  assert.ok(lines.length <= 24, `${lines.length} lines`);
  for (const [example = ""] of HELP.matchAll(/(?<=^ {2}data-migrate).*?(?= {3}|$)/gm)) {
    const parsed = parseCliOptions(example.trim().split(" ").filter((word) => word !== ""));
    assert.notEqual(typeof parsed, "string", example);
  }
});
