/** page.ts as text; tests/integration/page_test.ts opens it in a browser. */

import assert from "node:assert/strict";
import { renderPage } from "../../../lib/page/page.ts";
import { MOST_ROWS_IN_HTML } from "../../../lib/page/table.ts";
import {
  blockedReport,
  checkReport,
  failedReport,
  HOSTILE_NAMES,
  hostileReport,
  largeReport,
  migratedReport,
} from "../../support/sample_reports.ts";

const reports = {
  migrated: migratedReport(),
  check: checkReport(),
  failed: failedReport(),
  blocked: blockedReport(),
  hostile: hostileReport(),
};

/** Without scripts and styles: what is read. */
const body = (html: string) => html.replaceAll(/<(script|style)\b[^>]*>.*?<\/\1>/gs, "");

Deno.test("every page has the verdict, the exit status and what to do before anything else", () => {
  for (const report of Object.values(reports)) {
    const html = body(renderPage(report));
    const verdict = html.indexOf('class="verdict');
    assert.ok(verdict > 0 && verdict < html.indexOf("<h2"));
    const before = html.slice(verdict, html.indexOf("<h2"));
    assert.ok(before.includes(`Exit status ${report.verdict.exitStatus}.`));
    assert.equal(html.split("<h1").length, 2);
  }
});

Deno.test("a page is one file: nothing is loaded, and the policy forbids it", () => {
  for (const report of Object.values(reports)) {
    const html = renderPage(report);
    assert.doesNotMatch(
      body(html),
      /<(?:link|img|iframe|object|form|base)\b|<[^>]*\s(?:src|srcset)=/,
    );
    assert.match(html, /<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy"/);
    assert.match(html, /content="default-src &#39;none&#39;; script-src &#39;sha256-/);
    assert.doesNotMatch(html, /unsafe-/);
    // Only what the assets bring opens and closes scripts.
    assert.equal(html.split("<script>").length, 3);
  }
});

Deno.test("names from a cluster are never markup", () => {
  const html = renderPage(reports.hostile);
  for (const name of HOSTILE_NAMES.filter((each) => each.includes("<"))) {
    assert.ok(!html.includes(name), name);
  }
  assert.doesNotMatch(html, /[\u2028\u2029\u202e\u200b]/);
  assert.ok(body(html).includes("&lt;h1&gt;pwned&lt;/h1&gt;"));
});

Deno.test("findings come with their remedy, failures with their reason, gaps with their offsets", () => {
  const html = body(renderPage(reports.failed));
  assert.match(html, /GROUP_ACTIVE.*Stop its consumers before they are moved/);
  assert.match(html, /payments<\/th><td class="number">2<\/td>.*failed.*no acknowledgement for/);
  assert.match(
    html,
    /test2<\/th><td class="number">1<\/td><td class="number">4100<\/td><td class="number">4899</,
  );
  assert.match(body(renderPage(reports.blocked)), /BROKER_UNREACHABLE.*Check the address/);
});

Deno.test("a check's page promises nothing about a copy", () => {
  const html = body(renderPage(reports.check));
  assert.doesNotMatch(html, /Results of all runs|Throughput|<figure class="chart"[^>]*throughput/);
  assert.match(html, /Nothing: this was a check/);
});

Deno.test("a field that the page knows nothing of is shown all the same", () => {
  const more = { contentVerification: [{ topic: "t", partition: 0, digest: "abc" }] };
  const html = body(renderPage({ ...reports.migrated, ...more }));
  assert.match(html, /<h2 [^>]*>Content verification<\/h2>.*Digest.*abc/s);
  const someday = { durationMs: 1500, topics: [{ topic: "t", bytes: 2048n }] };
  const estimated = body(renderPage({ ...reports.migrated, ...{ someday } }));
  assert.match(estimated, /<dt>Duration ms<\/dt><dd>1,500<\/dd>.*Topics: 1 row.*2,048/s);
  assert.match(estimated, /<dt>bootstrapServers<\/dt>/);
  const changes = { ...reports.migrated.changes, groupOffsets: [{ group: "g", wanted: 5n }] };
  const changed = body(renderPage({ ...reports.migrated, changes } as typeof reports.migrated));
  assert.match(changed, /Group offsets.*Wanted.*<th scope="row" class="words">g<\/th>/s);
});

Deno.test("a page of 10,000 partitions stays small enough to open", () => {
  const html = renderPage(largeReport(10_000));
  assert.ok(html.length < 4_000_000, String(html.length));
  assert.ok(body(html).split("<tr>").length < 4 * MOST_ROWS_IN_HTML);
});
