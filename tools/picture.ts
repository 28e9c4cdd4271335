/**
 * `deno task picture`: writes docs/report.png, the picture of a report's page in the README, from a made-up report of
 * ordinary size. Refuses to write one that is larger than the repository should carry.
 */
import { fileURLToPath } from "node:url";
import { renderPage } from "../lib/page/page.ts";
import { startBrowser } from "../tests/support/browser.ts";
import { migratedReport } from "../tests/support/sample_reports.ts";

const PICTURE = fileURLToPath(new URL("../docs/report.png", import.meta.url));
const MOST_BYTES = 150_000;

async function takePicture(): Promise<void> {
  await using browser = await startBrowser();
  const { page } = await browser.open(renderPage(migratedReport()), {
    viewport: { width: 1280, height: 1700 },
    deviceScaleFactor: 0.65,
    colorScheme: "light",
  });
  const picture = await page.screenshot();
  if (picture.length > MOST_BYTES) {
    throw new Error(`Cannot write ${PICTURE}: it would have ${picture.length} bytes`);
  }
  await Deno.writeFile(PICTURE, picture);
}

if (import.meta.main) await takePicture();
