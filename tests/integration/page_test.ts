/**
 * The report's page in real Chromium: nothing on the console, nothing asked for, tables that sort, search and turn pages,
 * charts drawn, fit for a phone, for paper, for the dark and for assistive technology (judged by axe-core).
 */

import assert from "node:assert/strict";
import axe from "axe-core";
import type { Locator, Page } from "playwright-core";
import type { Report } from "../../lib/report/report.ts";
import { renderPage } from "../../lib/page/page.ts";
import { type OpenPage, type PageBrowser, startBrowser } from "../support/browser.ts";
import {
  blockedReport,
  checkReport,
  failedReport,
  hostileReport,
  largeReport,
  migratedReport,
} from "../support/sample_reports.ts";

/** Screenshots for whoever wants to look; git ignores them. */
const ARTIFACTS = new URL("../../.artifacts/", import.meta.url).pathname;

let browser: PageBrowser;
Deno.test.beforeAll(async () => {
  browser = await startBrowser();
  await Deno.mkdir(ARTIFACTS, { recursive: true });
});
Deno.test.afterAll(async () => await browser[Symbol.asyncDispose]());

type Options = Parameters<PageBrowser["open"]>[1];

/** Opens a report's page, hands it to the test, and holds it to what every page keeps to. */
async function withPage(
  report: Report,
  options: Options,
  look: (opened: OpenPage) => Promise<void>,
): Promise<void> {
  const opened = await browser.open(renderPage(report), options);
  try {
    await look(opened);
    assert.deepEqual(opened.complaints, []);
  } finally {
    await opened.page.context().close();
  }
}

/** The browser outlives a test, and so do its operations. */
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}

const pictureOf = (page: Page, name: string) =>
  page.screenshot({ path: `${ARTIFACTS}page-${name}.png`, fullPage: true });

const tableOf = (page: Page, id: string) => page.locator(`#${id}`);
const cellsOf = (table: Locator, column: number) =>
  table.locator(`tbody tr > :nth-child(${column + 1})`).allTextContents();

/** How many colours are in a canvas: 1 where nothing is drawn. */
function coloursIn(page: Page, chart: string): Promise<number> {
  return page.locator(`#${chart} canvas`).evaluate((element) => {
    const canvas = element as unknown as {
      readonly width: number;
      readonly height: number;
      getContext(kind: "2d"): {
        getImageData(...box: readonly number[]): { readonly data: Uint8ClampedArray };
      };
    };
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  });
}

/** What axe-core finds wrong, a line each. */
async function violations(page: Page): Promise<readonly string[]> {
  // As an evaluated text: the page's policy lets no script element in, which is as it should be.
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      readonly axe: {
        run(context: unknown, options: unknown): Promise<{
          readonly violations: readonly {
            readonly id: string;
            readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
          }[];
        }>;
      };
    };
    const { violations } = await axe.run(
      (globalThis as unknown as { readonly document: unknown }).document,
      { resultTypes: ["violations"] },
    );
    return violations.map(({ id, nodes }) =>
      `${id}: ${nodes[0]?.html.slice(0, 200)} ${nodes[0]?.failureSummary}`
    );
  });
  return found;
}

const widthOf = (page: Page) =>
  page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]");

const samples = {
  migrated: migratedReport,
  check: checkReport,
  failed: failedReport,
  blocked: blockedReport,
  hostile: hostileReport,
} as const;

for (const colorScheme of ["light", "dark"] as const) {
  for (const [name, report] of Object.entries(samples)) {
    test(`the page of a report (${name}) opens in the ${colorScheme}, and axe finds nothing wrong`, async () => {
      await withPage(report(), { colorScheme }, async ({ page }) => {
        assert.deepEqual(await violations(page), []);
        const charts = await page.locator(".chart").count();
        assert.equal(charts, { check: 1, blocked: 0 }[name as string] ?? 2);
        for (const id of await page.locator(".chart").evaluateAll((all) => all.map((e) => e.id))) {
          assert.ok(await coloursIn(page, id) > 5, `${id} is blank`);
        }
        await pictureOf(page, `${name}-${colorScheme}`);
      });
    });
  }
}

test("tables sort by numbers and names, both ways, from the keyboard too", async () => {
  await withPage(migratedReport(), {}, async ({ page }) => {
    const table = tableOf(page, "backlog");
    const heads = table.locator("thead th");
    const sizes = async () =>
      (await cellsOf(table, 1)).map((text) => Number(text.replaceAll(",", "")));
    const first = await sizes();
    assert.deepEqual(first, first.toSorted((a, b) => b - a));
    await heads.nth(1).getByRole("button").click();
    assert.deepEqual(await sizes(), first.toSorted((a, b) => a - b));
    assert.equal(await heads.nth(1).getAttribute("aria-sort"), "ascending");
    await heads.nth(0).getByRole("button").focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Space");
    const names = await cellsOf(table, 0);
    assert.deepEqual(names, names.toSorted().reverse());
    assert.equal(await heads.nth(0).getAttribute("aria-sort"), "descending");
    assert.equal(await heads.nth(1).getAttribute("aria-sort"), null);
  });
});

test("10,000 partitions stay usable: pages turn, a search finds, a sort puts the largest first", async () => {
  await withPage(largeReport(10_000), {}, async ({ page, loadMs }) => {
    assert.ok(loadMs < 15_000, `opened after ${loadMs} ms`);
    const table = tableOf(page, "plan");
    const status = table.getByRole("status");
    assert.equal(await status.textContent(), "1 to 50 of 10,000");
    await table.getByRole("button", { name: "Next" }).click();
    assert.equal(await status.textContent(), "51 to 100 of 10,000");
    assert.equal((await cellsOf(table, 0)).length, 50);
    await table.getByRole("searchbox").fill("topic-077");
    assert.equal(await status.textContent(), "1 to 50 of 100 found in 10,000");
    assert.deepEqual([...new Set(await cellsOf(table, 0))], ["topic-077"]);
    await table.getByRole("searchbox").fill("no such topic");
    assert.equal(await status.textContent(), "Nothing found in 10,000");
    await table.getByRole("searchbox").fill("");
    const messages = table.getByRole("button", { name: "Messages" });
    await messages.click();
    await messages.click();
    const largest = (await cellsOf(table, 2)).map((text) => Number(text.replaceAll(",", "")));
    assert.ok((largest[0] ?? 0) > 99_900);
    assert.deepEqual(largest, largest.toSorted((a, b) => b - a));
    assert.equal(await page.locator("#backlog-chart canvas").count(), 1);
  });
});

test("without scripts the verdict, the tables and what to do are there", async () => {
  await withPage(failedReport(), { javaScriptEnabled: false }, async ({ page }) => {
    assert.match(
      await page.locator(".verdict").textContent() ?? "",
      /Not complete.*Exit status 1/s,
    );
    const { plan } = failedReport();
    assert.equal((await cellsOf(tableOf(page, "plan"), 0)).length, plan?.partitions.length);
    assert.equal(await page.locator(".chart:visible").count(), 0);
  });
});

test("names that want to be scripts are only names, before and after sorting", async () => {
  await withPage(hostileReport(), {}, async ({ page }) => {
    const title = await page.title();
    for (const button of await page.locator("thead button").all()) await button.click();
    assert.equal(await page.title(), title);
    assert.equal(await page.locator("main h1, main img, main h2 script").count(), 0);
    const names = await cellsOf(tableOf(page, "backlog"), 0);
    assert.ok(names.includes(`</script><script>document.title="pwned"</script>`), names.join("\n"));
    assert.ok(names.includes("\\u202egnorw\\u200b \\u001b[31m"), names.join("\n"));
  });
});

test("the page's policy stops what the page did not bring", async () => {
  let asked = 0;
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => {
    asked += 1;
    return new Response();
  });
  const html = renderPage(migratedReport()).replace(
    "</main>",
    `</main><script>document.title = "run"</script><img src="http://127.0.0.1:${server.addr.port}/">`,
  );
  const { page, complaints } = await browser.open(html);
  assert.notEqual(await page.title(), "run");
  for (
    const refused of [/inline script violates .* Content Security/, /image .* violates .* Content/]
  ) {
    assert.ok(complaints.some((text) => refused.test(text)), complaints.join());
  }
  assert.equal(asked, 0);
  await page.context().close();
});

test("on a phone nothing but tables is wider than the screen", async () => {
  for (const report of [failedReport(), hostileReport()]) {
    await withPage(report, { viewport: { width: 360, height: 780 } }, async ({ page }) => {
      const [scrolled, seen] = await widthOf(page) as [number, number];
      assert.ok(scrolled <= seen, `${scrolled} of ${seen}`);
      assert.equal(await page.locator(".verdict").isVisible(), true);
      assert.ok(await coloursIn(page, "throughput-chart") > 5);
      if (report.verdict.sentence.startsWith("Not complete: 1")) await pictureOf(page, "phone");
    });
  }
});

test("on paper the dark is light, and tables are whole", async () => {
  await withPage(migratedReport(), { colorScheme: "dark" }, async ({ page }) => {
    const { plan } = migratedReport();
    await page.evaluate(`dispatchEvent(new Event("beforeprint"))`);
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    const background = await page.evaluate("getComputedStyle(document.body).backgroundColor");
    assert.equal(background, "rgb(255, 255, 255)");
    assert.equal((await cellsOf(tableOf(page, "plan"), 0)).length, plan?.partitions.length);
    assert.equal(await page.locator(".tools:visible, nav:visible").count(), 0);
    const paper = await page.pdf({ path: `${ARTIFACTS}page.pdf`, format: "A4" });
    assert.ok(paper.length > 20_000);
    await page.evaluate(`dispatchEvent(new Event("afterprint"))`);
    assert.equal((await cellsOf(tableOf(page, "plan"), 0)).length, 50);
  });
});
