// The architecture as a test: what each folder of lib may import, which words may stand where, and that
// docs know every finding and failure. It reads source text, leaves comments out, and does not follow imports into packages.

import assert from "node:assert/strict";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { FAILURE_KINDS } from "../../lib/model/failure_kinds.ts";
import { FINDING_KINDS, type FindingCode } from "../../lib/model/finding.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The folders without network, files, clock and waiting, with what they may import from elsewhere. */
const PURE: Readonly<Record<string, { readonly folders: string[]; readonly packages: string[] }>> =
  {
    core: { folders: ["core"], packages: ["re2js", "zod/mini", "node:crypto"] },
    batch: { folders: ["batch", "codec", "core"], packages: ["node:zlib"] },
    codec: {
      folders: ["codec", "batch", "core"],
      packages: ["node:zlib", "node:buffer"],
    },
    config: { folders: ["config", "core"], packages: ["yaml", "zod/mini"] },
    report: { folders: ["report", "core"], packages: ["zod"] },
    mirror: { folders: ["mirror", "config", "core"], packages: [] },
    page: {
      folders: ["page", "core"],
      packages: ["node:crypto", "uplot/dist/uPlot.iife.min.js"],
    },
  };

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
  const folder = /^lib\/([^/]+)\//.exec(path)?.[1] ?? "";
  const pure = PURE[folder];
  const found: string[] = [];
  const report = (index: number, what: string): void => {
    found.push(`${path}:${code.slice(0, index).split("\n").length}: ${what}`);
  };
  const code = withoutComments(text);

  for (const { index, name } of imports(code)) {
    const package_ = /^(?:npm:)?((?:@[^/]+\/)?[^/.][^/@]*)/.exec(name)?.[1];
    if (/^(?:https?|jsr):/.test(name)) report(index, `imports ${name}`);
    if (package_ === "kafkajs" && folder !== "wire" && folder !== "kafka") {
      report(index, "imports kafkajs");
    }
    if (pure === undefined) continue;
    if (name.startsWith(".")) {
      const to = posix.normalize(posix.join(posix.dirname(path), name));
      const allowed = pure.folders.some((other) => to.startsWith(`lib/${other}/`));
      if (!allowed) report(index, `imports ${to}`);
    } else if (!pure.packages.includes(name)) report(index, `imports ${name}`);
  }
  const forbid = (words: RegExp): void => {
    for (const match of code.matchAll(new RegExp(words, "g"))) report(match.index, match[0]);
  };
  if (pure !== undefined) forbid(WORLDLY);
  // Kafka goes over connections of its own; these two speak HTTP.
  if (folder !== "connect" && path !== "lib/wire/token_source.ts" && path.startsWith("lib/")) {
    forbid(/(?<![.\w])fetch\(/);
  }
  if (path.startsWith("lib/") && !MAY_LOOK.includes(path)) forbid(LOOKS_INTO_A_SENTENCE);
  if (folder !== "show" && path.startsWith("lib/")) forbid(/\bconsole\./);
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

Deno.test("lib keeps its pure folders pure, the client library at the edge and the exit in main.ts", async () => {
  const files = await sourceFiles("lib");
  for (const folder of Object.keys(PURE)) {
    assert.ok(
      files.some(({ path }) => path.startsWith(`lib/${folder}/`)),
      `lib/${folder} was read`,
    );
  }
  assert.deepEqual(files.flatMap(violations), []);
});

Deno.test("the architecture test sees what it forbids, and lets the rest be", () => {
  const table: readonly [path: string, text: string, what: string | undefined][] = [
    ["lib/core/a.ts", 'import { b } from "../wire/b.ts";', "1: imports lib/wire/b.ts"],
    ["lib/core/a.ts", 'import type {\n  B,\n} from "../run/b.ts";', "1: imports lib/run/b.ts"],
    ["lib/core/a.ts", 'export * from "../show/b.ts";', "1: imports lib/show/b.ts"],
    ["lib/core/a.ts", 'import "../config/b.ts";', "1: imports lib/config/b.ts"],
    ["lib/core/a.ts", 'import tls from "node:tls";', "1: imports node:tls"],
    ["lib/core/a.ts", 'const b = import("node:fs");', "1: imports node:fs"],
    ["lib/core/a.ts", "const b = import(name);", "1: imports ?"],
    ["lib/core/a.ts", "\n/** Async. */\nasync function b() {}", "3: async"],
    ["lib/core/a.ts", "const now = Date.now();", "1: Date.now"],
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
    ["lib/mirror/a.ts", 'import { b } from "../connect/b.ts";', "1: imports lib/connect/b.ts"],
    ["lib/run/a.ts", 'if (error.message.includes("b")) c();', "1: message.includes("],
    ["lib/core/a.ts", "const b = /c/.test(result.reason);", "1: .test(result.reason"],
    ["lib/copy/a.ts", 'const b = failure.text.startsWith("c");', "1: failure.text.startsWith("],
    ["lib/run/a.ts", "const b = /c/.test(name);", undefined],
    ["lib/cli.ts", "Deno.exit(1);", "1: Deno.exit"],
    ["lib/cli.ts", "Deno.exitCode = 1;", "1: Deno.exitCode"],
    ["main.ts", "Deno.exitCode = await run();", undefined],
    ["lib/show/a.ts", "console.log(1);", undefined],
    ["lib/wire/a.ts", 'import a from "kafkajs/src/a.js";', undefined],
    ["lib/codec/a.ts", 'import { inflateSync } from "node:zlib";', undefined],
    [
      "lib/core/a.ts",
      "// Deno.exit is for main.ts\n/*\n * async\n */\nlet a = 1; // await",
      undefined,
    ],
    ["lib/core/a.ts", 'import { a } from "./b.ts";\nconst utc = new Date(ms);', undefined],
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
