import assert from "node:assert/strict";
import { anything, furtherColumns, inWords } from "../../../lib/page/facts.ts";
import { markup } from "../../../lib/page/html.ts";
import { type Column, formatCell, MOST_ROWS_IN_HTML, table } from "../../../lib/page/table.ts";

interface Row {
  readonly name: string;
  readonly size?: bigint;
  readonly spare?: bigint;
}

const columns: readonly Column<Row>[] = [
  { label: "Name", kind: "text", cell: ({ name }) => name },
  { label: "Size", kind: "count", cell: ({ size }) => size },
  { label: "Spare", kind: "count", optional: true, cell: ({ spare }) => spare },
];

const render = (rows: readonly Row[]) =>
  table({ id: "t", caption: "Things", columns, rows })?.html ?? "";

const dataOf = (html: string) => JSON.parse(/id="t-data">(.*?)<\/script>/s.exec(html)?.[1] ?? "");

Deno.test("table() has a caption, scoped headers and all rows, as HTML and as data", () => {
  const html = render([{ name: "a<b", size: 1234n }, { name: "c" }]);
  assert.match(html, /<caption id="t-caption">Things<\/caption>/);
  assert.match(html, /<th scope="col" class="words">Name<\/th><th scope="col" class="number">/);
  assert.match(html, /<th scope="row" class="words">a&lt;b<\/th><td class="number">1,234<\/td>/);
  assert.match(html, /<td class="number">–<\/td>/);
  assert.deepEqual(dataOf(html), { kinds: ["text", "count"], rows: [["a<b", 1234], ["c", null]] });
});

Deno.test("table() leaves out an optional column with nothing in it, and a table without rows", () => {
  assert.doesNotMatch(render([{ name: "a", spare: 0n }]), /Spare/);
  assert.match(render([{ name: "a", spare: 0n }, { name: "b", spare: 1n }]), /Spare/);
  assert.equal(render([]), "");
});

Deno.test("table() keeps numbers beyond 2^53 exact", () => {
  const html = render([{ name: "a", size: 9007199254740993n }]);
  assert.match(html, /9,007,199,254,740,993/);
  assert.deepEqual(dataOf(html).rows, [["a", "9007199254740993"]]);
});

Deno.test("table() writes the first rows of many as HTML and says how many more there are", () => {
  const rows = Array.from({ length: MOST_ROWS_IN_HTML + 1200 }, (_, i) => ({ name: String(i) }));
  const html = render(rows);
  assert.equal(html.split("<tr>").length - 1, MOST_ROWS_IN_HTML + 1);
  assert.match(html, /1,200 further rows/);
  assert.equal(dataOf(html).rows.length, rows.length);
});

Deno.test("formatCell() shows each kind in its way", () => {
  assert.equal(formatCell(76522n, "count"), "76,522");
  assert.equal(formatCell(187800n, "offset"), "187800");
  assert.equal(formatCell(12.3456, "figure"), "12.3");
  assert.equal(formatCell(123456.7, "figure"), "123,457");
  assert.equal(formatCell(undefined, "count"), "–");
  assert.equal(formatCell("", "text"), "–");
});

Deno.test("anything() shows data that the page knows nothing of", () => {
  const shown = (value: unknown) => markup`${anything("x", "Things", value)}`.html;
  assert.equal(shown([]), "none");
  assert.equal(shown(["a", 1, true]), "a, 1, yes");
  assert.equal(shown(1234567n), "1,234,567");
  assert.match(shown({ a: { b: "<i>" } }), /<dt>A<\/dt><dd><dl .*<dt>B<\/dt><dd>&lt;i&gt;<\/dd>/s);
  const rows = shown([{ group: "g", wanted: 5n }, { group: "h", after: 7n, more: { deep: 1n } }]);
  assert.match(rows, /<th scope="col" class="words">Group<\/th>.*Wanted.*After/s);
  assert.equal(inWords("recordsProduced"), "Records produced");
});

Deno.test("furtherColumns() finds the fields that a table does not have yet", () => {
  const rows = [{ a: 1, b: "x" }, { a: 2, c: 3n, d: [1] }];
  const found = furtherColumns(rows, ["a"]);
  assert.deepEqual(found.map(({ label, kind }) => [label, kind]), [["B", "text"], ["C", "count"]]);
  assert.deepEqual(rows.map((row) => found.map(({ cell }) => cell(row))), [
    ["x", undefined],
    [undefined, 3n],
  ]);
});
