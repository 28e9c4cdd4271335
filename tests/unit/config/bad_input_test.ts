import assert from "node:assert/strict";
import fc from "fast-check";
import { loadConfig } from "../../../lib/config/load_config.ts";
import { around, problemsOf, SOURCES } from "./fixtures.ts";

Deno.test("bytes that are no UTF-8 text and files too large are refused whole", () => {
  const table: readonly (readonly [Uint8Array | string, string])[] = [
    [
      new Uint8Array([0xff, 0xfe, 0x61, 0x00]),
      "The file is not UTF-8 text, expected it saved as UTF-8",
    ],
    [new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 0]), "The file is binary, expected YAML text"],
    [new Uint8Array(0), "The file is empty, expected a mapping with checkFlag, source and target"],
    ["x".repeat(10_000_000), "The file is larger than 1 MiB, expected a migration.yaml"],
  ];
  for (const [input, message] of table) {
    assert.equal(problemsOf(input), `migration.yaml:1:1: ${message}`);
  }
});

Deno.test("files made to exhaust the reader are refused, not read for ever", () => {
  const bomb = around("", "a: &a [x]\n") +
    Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [*b${i - 1},*b${i - 1}]\n`).join("");
  const texts = [
    bomb,
    "[".repeat(20_000),
    "{a: ".repeat(20_000),
    "- ".repeat(20_000),
    "a: ".repeat(20_000),
  ];
  for (const text of texts) assert.notEqual(problemsOf(text), "");
  assert(problemsOf(around("", "k: 1\n".repeat(5000))).endsWith("more"));
});

Deno.test("any text gives a config or problems inside it, never an exception", () => {
  const word = fc.constantFrom(
    ...[
      "checkFlag",
      "source",
      "target",
      "sasl",
      "password",
      "topics",
      "include",
      "ranges",
      "engine",
    ],
    ...[
      ": ",
      ":",
      "\n",
      "\n  ",
      "\n    ",
      "- ",
      "[",
      "]",
      "{",
      "}",
      ",",
      "'",
      '"',
      "#",
      " #",
      "&a",
      "*a",
      "!t",
    ],
    ...[
      "0",
      "1",
      "x",
      "a:1",
      "null",
      "~",
      "?",
      "|",
      ">",
      "---",
      "\t",
      "%",
      "<<",
      "\r\n",
      "\u0000",
      "\ud800",
    ],
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 30 }), (words) => {
      const text = words.join("");
      const loaded = loadConfig(text, SOURCES);
      const lines = text.split("\n").length;
      if (loaded.ok) return;
      assert(loaded.problems.length > 0);
      for (const { line, column } of loaded.problems) {
        assert(line >= 1 && line <= lines && column >= 1);
      }
      assert.notEqual(problemsOf(text), "");
    }),
    { numRuns: 1000 },
  );
});

Deno.test("a reader that throws is told in a sentence without its own words", () => {
  const reasons: readonly (readonly [unknown, string])[] = [
    [Object.assign(new Error("hunter2"), { name: "NotFound" }), "does not exist"],
    [Object.assign(new Error("hunter2"), { name: "NotCapable" }), "may not be read"],
    [Object.assign(new Error("hunter2"), { code: "EISDIR" }), "is a folder"],
    ["hunter2", "can't be read"],
  ];
  for (const [error, reason] of reasons) {
    const readFile = () => {
      throw error;
    };
    const shown = problemsOf(around("  tls: { ca: ca.pem }\n"), { ...SOURCES, readFile });
    assert(shown.includes(`file ca.pem ${reason}`), shown);
    assert(!shown.includes("hunter2"), shown);
  }
});
