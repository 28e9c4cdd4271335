// The architecture as a test: what each folder of lib may import, which words may stand where, and that
// docs know every finding and failure. It reads source text, leaves comments out, and does not follow imports into packages.

import assert from "node:assert/strict";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { FAILURE_KINDS } from "../../lib/model/failure_kinds.ts";
import { FINDING_KINDS, type FindingCode } from "../../lib/model/finding.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A folder of lib, as the table of ARCHITECTURE.md has it. */
interface Room {
  /** Folders below lib; `lib` is its root. */
  readonly mayImport: readonly string[];
  /** Given where it is pure: the packages that it may use. */
  readonly packages?: readonly string[];
}

const ROOMS = readRooms(Deno.readTextFileSync(`${ROOT}ARCHITECTURE.md`));

/** The rows `| \`lib/plan\` | what it holds | journal, model | yes: \`re2js\` |`. */
function readRooms(text: string): ReadonlyMap<string, Room> {
  const rows = text.matchAll(/^\| `(lib[^`]*)` \| [^|]* \| ([^|]*) \| ?([^|]*)\|$/gm);
  return new Map([...rows].map(([, folder = "", imports = "", pure = ""]) => [folder, {
    mayImport: imports.split(", ").map((name) => name.trim()).filter((name) => name !== "–"),
    ...(pure.startsWith("yes") && {
      packages: [...pure.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
    }),
  }]));
}

/** How the table names the folder of a file; `main.ts` lies in none. */
function roomOf(path: string): string {
  return posix.dirname(path);
}

/** Words that touch the world, for the pure folders; a quoted "Deno.…" is only a name, as in Symbol.for. */
const WORLDLY =
  /(?<!["'])\bDeno\.|\basync\b|\bawait\b|\bDate\.now\b|\bnew Date\(\)|\bperformance\.|\bset(?:Timeout|Interval)\b|\bMath\.random\b|\bcrypto\.|\bfetch\(|\bprocess\./;

/** What looks into a sentence: what follows from a failure is told by its code. */
const LOOKS_INTO_A_SENTENCE =
  /\b(?:message|reason|failure|problem|difference)\w*(?:\?\.|\.text\.|\.)(?:includes|startsWith|endsWith|match|matchAll|search)\(|\.(?:test|exec)\((?:\w+\??\.)*(?:message|reason|failure|problem|difference)\b/;

/** Files that may: what they see has no code, and decides wording only. */
const MAY_LOOK: readonly string[] = [
  // The YAML library's errors: several faults share a code.
  "lib/config/syntax_sentence.ts",
  // Whether a place stands in the message already, so that it is not written twice.
  "lib/findings/finding_place.ts",
];

interface SourceFile {
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** Everything one file does that its place does not allow, as `path:line: what`. */
function violations({ path, text }: SourceFile): readonly string[] {
  const room = roomOf(path);
  const { mayImport, packages } = ROOMS.get(room) ?? { mayImport: [] };
  const found: string[] = [];
  const report = (index: number, what: string): void => {
    found.push(`${path}:${code.slice(0, index).split("\n").length}: ${what}`);
  };
  const code = withoutComments(text);

  for (const { index, name } of imports(code)) {
    const package_ = /^(?:npm:)?((?:@[^/]+\/)?[^/.][^/@]*)/.exec(name)?.[1];
    if (/^(?:https?|jsr):/.test(name)) report(index, `imports ${name}`);
    if (package_ === "kafkajs" && room !== "lib/wire" && room !== "lib/kafka") {
      report(index, "imports kafkajs");
    }
    if (!path.startsWith("lib/")) continue;
    if (name.startsWith(".")) {
      const to = posix.normalize(posix.join(room, name));
      const other = roomOf(to);
      const allowed = other === room || !/\.tsx?$/.test(to) ||
        mayImport.includes(other.replace(/^lib\//, ""));
      if (!allowed) report(index, `imports ${to}`);
    } else if (packages !== undefined && !packages.includes(name)) {
      report(index, `imports ${name}`);
    }
  }
  const forbid = (words: RegExp): void => {
    for (const match of code.matchAll(new RegExp(words, "g"))) report(match.index, match[0]);
  };
  if (packages !== undefined) forbid(WORLDLY);
  // Kafka goes over connections of its own; these two speak HTTP.
  if (room !== "lib/connect" && path !== "lib/wire/token_source.ts" && path.startsWith("lib/")) {
    forbid(/(?<![.\w])fetch\(/);
  }
  if (path.startsWith("lib/") && !MAY_LOOK.includes(path)) forbid(LOOKS_INTO_A_SENTENCE);
  if (room !== "lib/show" && path.startsWith("lib/")) forbid(/\bconsole\./);
  if (path !== "main.ts") forbid(/\bDeno\.exit(?:Code)?\b|\bprocess\.exit(?:Code)?\b/);
  return found;
}

/** Module names of static and dynamic imports and re-exports; a dynamic import of anything but a literal is named `?`. */
function imports(code: string): readonly { readonly index: number; readonly name: string }[] {
  const clause = /\b(?:import|export)\b[^"'`;()]*?\bfrom\s*(["'])(.*?)\1|\bimport\s*(["'])(.*?)\3/g;
  const dynamic = /\bimport\s*\(\s*(?:(["'])(.*?)\1)?/g;
  return [
    ...[...code.matchAll(clause)].map((m) => ({ index: m.index, name: m[2] ?? m[4] ?? "?" })),
    ...[...code.matchAll(dynamic)].map((m) => ({ index: m.index, name: m[2] ?? "?" })),
  ];
}

/** The text with comments blanked out, line by line as this code base writes them; strings stay. */
function withoutComments(text: string): string {
  let inBlock = false;
  return text.split("\n").map((line) => {
    const trimmed = line.trimStart();
    if (inBlock || trimmed.startsWith("/*")) {
      inBlock = !trimmed.includes("*/");
      return inBlock ? "" : trimmed.slice(trimmed.indexOf("*/") + 2);
    }
    return trimmed.startsWith("//") ? "" : line.replace(/\s\/\/ .*$/, "");
  }).join("\n");
}

async function sourceFiles(folder: string): Promise<readonly SourceFile[]> {
  const files: SourceFile[] = [];
  for await (const entry of Deno.readDir(`${ROOT}${folder}`)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) files.push(...await sourceFiles(path));
    else if (path.endsWith(".ts")) files.push({ path, text: await Deno.readTextFile(ROOT + path) });
  }
  return files;
}

/** What the files of lib import of each other, by path. */
function importsOf(files: readonly SourceFile[]): ReadonlyMap<string, readonly string[]> {
  const known = new Set(files.map(({ path }) => path));
  return new Map(files.map(({ path, text }) => [
    path,
    imports(withoutComments(text)).filter(({ name }) => name.startsWith("."))
      .map(({ name }) => posix.normalize(posix.join(posix.dirname(path), name)))
      .filter((to) => known.has(to)),
  ]));
}

/** The files of the first circle that is found, in order; empty where there is none. */
function circleIn(graph: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>();
  const walk = (path: string, way: readonly string[]): readonly string[] => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return [];
    for (const to of graph.get(path) ?? []) {
      const circle = walk(to, [...way, path]);
      if (circle.length > 0) return circle;
    }
    done.add(path);
    return [];
  };
  for (const path of graph.keys()) {
    const circle = walk(path, []);
    if (circle.length > 0) return circle;
  }
  return [];
}

Deno.test("each folder of lib imports what the table of ARCHITECTURE.md lets it, and the pure ones touch nothing else", async () => {
  const files = await sourceFiles("lib");
  assert.deepEqual(files.flatMap(violations), []);
  const folders = new Set(files.map(({ path }) => roomOf(path)));
  assert.deepEqual([...ROOMS.keys()].sort(), [...folders].sort());
});

Deno.test("the table of ARCHITECTURE.md names no import that is not needed", async () => {
  const graph = importsOf(await sourceFiles("lib"));
  const needless = [...ROOMS].flatMap(([room, { mayImport }]) => {
    const used = new Set(
      [...graph].filter(([path]) => roomOf(path) === room)
        .flatMap(([, to]) => to.map((each) => roomOf(each).replace(/^lib\//, ""))),
    );
    return mayImport.filter((name) => !used.has(name)).map((name) => `${room}: ${name}`);
  });
  assert.deepEqual(needless, []);
});

Deno.test("no file of lib imports itself through others, not even for a type", async () => {
  assert.deepEqual(circleIn(importsOf(await sourceFiles("lib"))), []);
  const graph = new Map([["a", ["b", "d"]], ["b", ["c"]], ["c", ["a"]], ["d", []]]);
  assert.deepEqual(circleIn(graph), ["a", "b", "c", "a"]);
});

Deno.test("the architecture test sees what it forbids, and lets the rest be", () => {
  const table: readonly [path: string, text: string, what: string | undefined][] = [
    ["lib/model/a.ts", 'import { b } from "../wire/b.ts";', "1: imports lib/wire/b.ts"],
    ["lib/model/a.ts", 'import type {\n  B,\n} from "../run/b.ts";', "1: imports lib/run/b.ts"],
    ["lib/model/a.ts", 'export * from "../show/b.ts";', "1: imports lib/show/b.ts"],
    ["lib/model/a.ts", 'import "../config/b.ts";', "1: imports lib/config/b.ts"],
    ["lib/model/a.ts", 'import tls from "node:tls";', "1: imports node:tls"],
    ["lib/model/a.ts", 'const b = import("node:fs");', "1: imports node:fs"],
    ["lib/model/a.ts", "const b = import(name);", "1: imports ?"],
    ["lib/model/a.ts", "\n/** Async. */\nasync function b() {}", "3: async"],
    ["lib/model/a.ts", "const now = Date.now();", "1: Date.now"],
    ["lib/config/a.ts", "const text = Deno.readTextFileSync(p);", "1: Deno."],
    ["lib/config/a.ts", 'import { inflateSync } from "node:zlib";', "1: imports node:zlib"],
    ["lib/batch/a.ts", 'import { c } from "../kafka/c.ts";', "1: imports lib/kafka/c.ts"],
    ["lib/run/a.ts", 'import { Kafka } from "kafkajs";', "1: imports kafkajs"],
    ["lib/show/a.ts", 'import { Kafka } from "npm:kafkajs@2.2.4";', "1: imports kafkajs"],
    ["lib/run/a.ts", 'import a from "kafkajs/src/a.js";', "1: imports kafkajs"],
    ["lib/run/a.ts", 'import a from "https://example.org/a.ts";', "1: imports https:"],
    ["lib/run/a.ts", "console.log(1);", "1: console."],
    ["lib/run/a.ts", "await fetch(url);", "1: fetch("],
    ["lib/connect/a.ts", "await fetch(url);", undefined],
    ["lib/connect/pure/a.ts", 'import { b } from "../b.ts";', "1: imports lib/connect/b.ts"],
    ["lib/run/a.ts", 'if (error.message.includes("b")) c();', "1: message.includes("],
    ["lib/model/a.ts", "const b = /c/.test(result.reason);", "1: .test(result.reason"],
    ["lib/copy/a.ts", 'const b = failure.text.startsWith("c");', "1: failure.text.startsWith("],
    ["lib/run/a.ts", "const b = /c/.test(name);", undefined],
    ["lib/cli.ts", "Deno.exit(1);", "1: Deno.exit"],
    ["lib/cli.ts", "Deno.exitCode = 1;", "1: Deno.exitCode"],
    ["main.ts", "Deno.exitCode = await run();", undefined],
    ["lib/show/a.ts", "console.log(1);", undefined],
    ["lib/wire/a.ts", 'import a from "kafkajs/src/a.js";', undefined],
    ["lib/codec/a.ts", 'import { inflateSync } from "node:zlib";', undefined],
    [
      "lib/model/a.ts",
      "// Deno.exit is for main.ts\n/*\n * async\n */\nlet a = 1; // await",
      undefined,
    ],
    ["lib/model/a.ts", 'import { a } from "./b.ts";\nconst utc = new Date(ms);', undefined],
  ];
  for (const [path, text, what] of table) {
    const [first = undefined] = violations({ path, text });
    if (what === undefined) assert.equal(first, undefined, text);
    else assert.ok(first?.startsWith(`${path}:${what}`), `${text} gave ${first}`);
  }
});

Deno.test("every finding has its row in docs/findings.md", async () => {
  const text = await Deno.readTextFile(`${ROOT}docs/findings.md`);
  const rows = [...text.matchAll(/^\| `([A-Z_]+)`( \*)? \|/gm)];
  assert.deepEqual(rows.map(([, code]) => code).sort(), Object.keys(FINDING_KINDS).sort());
  for (const [, code = "", star] of rows) {
    assert.equal(star !== undefined, FINDING_KINDS[code as FindingCode].overridable, code);
  }
});

Deno.test("every failure has its row in docs/failures.md, with what the table says of it", async () => {
  const text = await Deno.readTextFile(`${ROOT}docs/failures.md`);
  const rows = [...text.matchAll(/^\| `([A-Z_]+)` +\| (.*?) +\| (.*?) +\|$/gm)];
  assert.deepEqual(
    rows.map(([, code, meaning, remedy]) => [code, meaning, remedy]),
    Object.entries(FAILURE_KINDS).map(([code, { meaning, remedy }]) => [code, meaning, remedy]),
  );
});
