import assert from "node:assert/strict";
import { filterAccepts, isInternalTopicName, parsePattern } from "../../../lib/plan/name_filter.ts";
import { filter } from "./fixtures.ts";

Deno.test("parsePattern() reads globs and regular expressions that match the whole name", () => {
  const table: readonly [pattern: string, yes: readonly string[], no: readonly string[]][] = [
    ["test3", ["test3"], ["test30", "atest3", "Test3"]],
    ["test*", ["test", "test1", "test.a\nb"], ["atest1"]],
    ["*-dlq", ["orders-dlq", "-dlq"], ["orders-dlq2"]],
    ["test?", ["test1", "test😀"], ["test", "test12"]],
    ["test[1-3]", ["test1", "test3"], ["test4", "test-"]],
    ["test[!1-3]", ["test4"], ["test1"]],
    ["test[^1-3]", ["test4"], ["test1"]],
    ["a[]b]", ["a]", "ab"], ["a"]],
    ["a[b-]", ["a-", "ab"], ["ac"]],
    ["a.b", ["a.b"], ["axb"]],
    ["a]b", ["a]b"], ["ab"]],
    ["a(b|c)+$", ["a(b|c)+$"], ["ab", "abc"]],
    ["a\\*", ["a*"], ["ab"]],
    ["/orders-\\d+/", ["orders-12"], ["orders-", "xorders-1", "orders-1x", "orders-1\n"]],
    ["/a|b/", ["a", "b"], ["ab", "ax", "xb"]],
    ["/.*/", ["", "a\nb"], []],
    ["/a/b/", ["a/b"], ["a"]],
  ];
  for (const [text, yes, no] of table) {
    const names = filter([text]);
    for (const name of yes) assert.ok(filterAccepts(names, name), `${text} takes ${name}`);
    for (const name of no) assert.ok(!filterAccepts(names, name), `${text} leaves ${name}`);
  }
});

Deno.test("parsePattern() says what is wrong with a pattern", () => {
  const table: readonly [pattern: string, problem: RegExp][] = [
    ["", /can't be empty/],
    ["test[12", /needs its \]/],
    ["test[]", /needs its \]/],
    ["test\\", /can't end in a backslash/],
    ["test[z-a]", /Not a valid pattern: invalid character class range: `z-a`/],
    ["/orders", /between two slashes/],
    ["/orders/i", /between two slashes/],
    ["//", /between two slashes/],
    ["/", /between two slashes/],
    ["/(a/", /Not a valid pattern: missing closing \): `\(a`/],
    ["/a)|(?:b/", /Not a valid pattern: unexpected \): `a\)\|\(\?:b`/],
    ["/(?!a).*/", /Not a valid pattern: invalid or unsupported Perl syntax: `\(\?!`/],
    ["/(a)\\1/", /Not a valid pattern: invalid escape sequence: `\\1`/],
  ];
  for (const [text, problem] of table) assert.match(String(parsePattern(text)), problem, text);
});

Deno.test("no pattern takes long over a long name", () => {
  const name = "a".repeat(249);
  for (const text of ["/(a+)+b/", "/(a|a)*b/", "/(.*a){20}b/", `${"*a".repeat(60)}b`]) {
    const names = filter([text]);
    const began = performance.now();
    assert.ok(!filterAccepts(names, name), text);
    // Backtracking would take hours.
    assert.ok(performance.now() - began < 1_000, text);
  }
});

Deno.test("filterAccepts() lets everything through without include, and exclude wins", () => {
  const names = ["test1", "test2", "orders"];
  const accepted = (include: string[], exclude: string[]): string[] =>
    names.filter((name) => filterAccepts(filter(include, exclude), name));
  assert.deepEqual(accepted([], []), names);
  assert.deepEqual(accepted(["test*"], []), ["test1", "test2"]);
  assert.deepEqual(accepted([], ["test*"]), ["orders"]);
  assert.deepEqual(accepted(["test*", "orders"], ["test2"]), ["test1", "orders"]);
  assert.deepEqual(accepted(["test2"], ["test2"]), []);
});

Deno.test("isInternalTopicName() goes by the two underscores", () => {
  assert.ok(isInternalTopicName("__consumer_offsets"));
  assert.ok(!isInternalTopicName("_schemas"));
});
