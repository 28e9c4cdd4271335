import assert from "node:assert/strict";
import * as fc from "fast-check";
import { embedJson, escapeHtml, markup } from "../../../lib/page/html.ts";
import { HOSTILE_NAMES } from "../../support/sample_reports.ts";

Deno.test("markup escapes every value that is not HTML already, in text and in attributes", () => {
  const name = `<a href="x" title='y'>&amp;`;
  const escaped = "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;";
  assert.equal(
    markup`<p title="${name}">${name}</p>`.html,
    `<p title="${escaped}">${escaped}</p>`,
  );
  assert.equal(
    markup`${markup`<b>${1}</b>`}${["<", markup`<i>`]}${undefined}${false}${2n ** 64n}`.html,
    "<b>1</b>&lt;<i>18446744073709551616",
  );
});

Deno.test("escapeHtml() leaves nothing that could end an element, an attribute or a line", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(escapeHtml(text), /[<>"'\u0000-\u001f\u2028\u2029\u202a-\u202e]/);
  }));
});

Deno.test("embedJson() gives back what was put in, and nothing in it is markup", () => {
  const roundTrip = (value: unknown) => {
    const { html } = embedJson("id", value);
    const [, json = ""] = /^<script type="application\/json" id="id">(.*)<\/script>$/s.exec(html) ??
      [];
    assert.doesNotMatch(json, /[<>\u2028\u2029]/);
    assert.deepEqual(JSON.parse(json), value);
  };
  roundTrip(HOSTILE_NAMES);
  fc.assert(fc.property(fc.array(fc.string({ unit: "binary" })), roundTrip));
});
