import assert from "node:assert/strict";
import { type ConfigProblem, formatProblems } from "../../../lib/config/config_problem.ts";

function problem(part: Partial<ConfigProblem>): ConfigProblem {
  return { file: "m.yaml", line: 1, column: 1, message: "Wrong", hidden: [], ...part };
}

Deno.test("formatProblems() shows the line and a caret under the column", () => {
  assert.equal(
    formatProblems([problem({ line: 2, column: 5 })], "a: 1\r\nbcd efg\r\n"),
    "m.yaml:2:5: Wrong\n  bcd efg\n      ^",
  );
});

Deno.test("formatProblems() masks what is hidden and moves the caret with it", () => {
  const text = "password: abcdefgh, tls: yes";
  const hidden = [{ from: 10, to: 18 }];
  const shown = (column: number) => formatProblems([problem({ column, hidden })], text).split("\n");
  assert.deepEqual(shown(11), ["m.yaml:1:11: Wrong", "  password: ***, tls: yes", "            ^"]);
  assert.deepEqual(shown(15), ["m.yaml:1:15: Wrong", "  password: ***, tls: yes", "            ^"]);
  assert.deepEqual(shown(26).at(2), "  " + " ".repeat(20) + "^");
  const touching = [{ from: 10, to: 14 }, { from: 12, to: 18 }];
  assert.equal(
    formatProblems([problem({ column: 26, hidden: touching })], text),
    "m.yaml:1:26: Wrong\n  password: ***, tls: yes\n  " + " ".repeat(20) + "^",
  );
});

Deno.test("formatProblems() shows no line where there is none to show", () => {
  assert.equal(formatProblems([problem({ hidden: "all" })], "secret"), "m.yaml:1:1: Wrong");
  assert.equal(formatProblems([problem({ line: 9 })], "a"), "m.yaml:9:1: Wrong");
  assert.equal(formatProblems([problem({})], "   \n"), "m.yaml:1:1: Wrong");
});

Deno.test("formatProblems() keeps terminals whole: controls replaced, wide characters two columns, long lines cut", () => {
  assert.equal(
    formatProblems([problem({ column: 4 })], "\ta\u001b[31m"),
    "m.yaml:1:4: Wrong\n   a\uFFFD[31m\n     ^",
  );
  assert.equal(
    formatProblems([problem({ column: 3 })], "注释: 1"),
    "m.yaml:1:3: Wrong\n  注释: 1\n      ^",
  );
  const long = formatProblems([problem({ column: 501 })], "x".repeat(500) + "y" + "x".repeat(500));
  const [, line = "", caret = ""] = long.split("\n");
  assert(line.length < 110);
  assert.equal(line[caret.length - 1], "y");
});

Deno.test("formatProblems() counts what it leaves out", () => {
  const text = formatProblems(Array.from({ length: 53 }, () => problem({ hidden: "all" })), "");
  assert.equal(text.split("\n").length, 51);
  assert(text.endsWith("and 3 more"));
});
