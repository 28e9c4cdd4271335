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
  assert.match(
    html,
    />payments-2<\/th>.*failed.*no acknowledgement for.*<td>When that is mended, run/,
  );
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

/** The section with that heading. */
const sectionOf = (html: string, title: string) =>
  html.match(/<section .*?<\/section>/gs)?.find((each) => each.includes(`>${title}</h2>`)) ?? "";

Deno.test("the estimate has bytes and time, in all and by topic, the largest first", () => {
  const shown = sectionOf(body(renderPage(reports.check)), "Estimated bytes and time");
  assert.match(shown, /<dt>Bytes<\/dt><dd>37.4 GB<\/dd>/);
  assert.match(shown, /<dt>Time at 50 MB\/s<\/dt><dd>\d+ min \d+ s<\/dd>/);
  assert.match(shown, /<caption [^>]*>Estimated, by topic<.*>MB<.*>Seconds at the limit</s);
  assert.match(shown, /<tbody><tr><th scope="row" class="words">orders-eu<\/th>/);
  assert.doesNotMatch(shown, /uncommitted/);
});

Deno.test("the estimate comes first in a check, and last where there are results", () => {
  const order = (html: string) =>
    [...html.matchAll(/<h2 [^>]*>(Estimated|Throughput|Results|Plan)/g)].map(([, title]) => title);
  assert.deepEqual(order(renderPage(reports.check)), ["Estimated", "Plan"]);
  const migrated = ["Throughput", "Results", "Plan", "Estimated"];
  assert.deepEqual(order(renderPage(reports.migrated)), migrated);
});

Deno.test("an estimate says where sizes are not known, and what only uncommitted adds", () => {
  const { estimate } = reports.check;
  assert.ok(estimate);
  const { bytes: _, durationMs: __, uncommittedBytes: ___, ...unknown } = estimate;
  const without = body(renderPage({ ...reports.check, estimate: unknown }));
  const shown = sectionOf(without, "Estimated bytes and time");
  assert.match(shown, /Sizes are not known.*Allow the user Describe on the source cluster/);
  assert.doesNotMatch(shown, /<table/);
  const more = { ...estimate, uncommittedMessages: 5n, uncommittedBytes: 2_060n };
  const html = body(renderPage({ ...reports.check, estimate: more }));
  assert.match(html, /<dt>Only because of uncommitted: earliest<\/dt><dd>2.06 kB, 5 messages</);
  const nothing = { ...estimate, messages: 0n, topics: [] };
  assert.doesNotMatch(renderPage({ ...reports.check, estimate: nothing }), /Estimated bytes/);
});

Deno.test("what has changed since the last check is told by topic and by group", () => {
  const shown = sectionOf(body(renderPage(reports.check)), "Since the last check");
  assert.match(shown, /<dt>Last check \(UTC\)<\/dt><dd><time [^>]*>2022-11-02 09:00:00<\/time>/);
  assert.match(shown, /<dt>New topics<\/dt><dd>test4<\/dd>/);
  assert.match(shown, /<dt>Topics gone<\/dt><dd>retired<\/dd>/);
  assert.match(shown, /<dt>Messages to migrate<\/dt><dd>[\d,]+, were [\d,]+<\/dd>/);
  assert.match(shown, />clicks.raw<\/th><td class="number">[\d,]+<\/td>/);
  assert.match(shown, /nightly<\/th><td><span class="mark" data-word="gone">gone</);
  const { sinceLastCheck } = reports.check;
  assert.ok(sinceLastCheck);
  const unchanged = {
    ...sinceLastCheck,
    ...{ messagesBefore: 5n, messagesNow: 5n },
    ...{ newTopics: [], goneTopics: [], changedTopics: [], groups: [] },
  };
  const same = body(renderPage({ ...reports.check, sinceLastCheck: unchanged }));
  const quiet = sectionOf(same, "Since the last check");
  assert.match(quiet, /Nothing has changed on the source since/);
  assert.doesNotMatch(quiet, /<table|<dl/);
});

Deno.test("every group's position stands with what was there before, those left first, with why", () => {
  const html = body(renderPage(reports.failed));
  const shown = sectionOf(html, "Positions of consumer groups");
  assert.match(shown, /<dt>Committed<\/dt><dd>\d+ of \d+<\/dd>.*<dt>Left<\/dt><dd>\d+<\/dd>/s);
  assert.match(
    shown,
    /<tbody><tr><th [^>]*>billing<.*payments-2<.*no acknowledgement for.*<td>When that is mended, run/s,
  );
  assert.match(shown, /data-word="left".*data-word="committed".*data-word="further"/s);
  assert.match(shown, /Before.*Now.*Text left out/s);
  assert.match(shown, /<p>Start the consumers on the target before 2022-11-10 15:19 UTC: /);
  assert.doesNotMatch(renderPage(reports.check), /Positions of consumer groups/);
  const none = renderPage({ ...reports.migrated, groupOffsets: [] });
  assert.doesNotMatch(none, /Positions of consumer groups/);
});

Deno.test("a comparison of contents is told partition by partition", () => {
  const { results } = reports.migrated;
  assert.ok(results);
  const [first, ...others] = results.partitions;
  assert.ok(first);
  const content = { equal: 4_321n, compacted: 17n, goneFromSource: 0n, withoutTimestamp: 0n };
  const compared = { ...results, partitions: [{ ...first, content }, ...others] };
  const html = body(renderPage({ ...reports.migrated, results: compared }));
  assert.match(
    html,
    />Equal<.*>Compacted away<.*4,321.*17/s,
  );
  assert.doesNotMatch(html, />Gone from the source<|What is not verified/);
});

Deno.test("what each pattern matched is shown, and those that matched nothing", () => {
  const { plan } = reports.check;
  assert.ok(plan);
  const patterns = [
    { list: "topics.include", pattern: "test*", names: ["test1", "test2"] },
    { list: "groups.exclude", pattern: "/old-.*/", names: [] },
  ] as const;
  const html = body(renderPage({ ...reports.check, plan: { ...plan, patterns } }));
  assert.match(html, /What the patterns matched.*>test\*<.*">2<.*>test1, test2<.*>\/old-.*">0</s);
  assert.doesNotMatch(renderPage(reports.check), /What the patterns matched/);
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
  assert.ok(body(html).split("<tr>").length < 5 * MOST_ROWS_IN_HTML);
});
