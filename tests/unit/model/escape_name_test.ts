import assert from "node:assert/strict";
import { escapeName, listNames } from "../../../lib/model/escape_name.ts";

Deno.test("escapeName() writes what could break a line or fool a terminal as JSON does", () => {
  const table = [
    ["test123-group", "test123-group"],
    ['Größe 😀 "quoted" \\', 'Größe 😀 "quoted" \\'],
    ["a\r\nb\tc\0", "a\\u000d\\u000ab\\u0009c\\u0000"],
    ["\x1b[31mred\x7f\x9b", "\\u001b[31mred\\u007f\\u009b"],
    ["\u202eabc\u2028", "\\u202eabc\\u2028"],
    ["\ud83dx\ude00", "\\ud83dx\\ude00"],
  ] as const;
  for (const [name, escaped] of table) assert.equal(escapeName(name), escaped);
});

Deno.test("listNames() counts the names it does not show", () => {
  assert.equal(listNames([]), "");
  assert.equal(listNames(["a", "b\n"]), "a, b\\u000a");
  assert.equal(listNames(["a", "b", "c"], 2), "a, b and 1 more");
});
