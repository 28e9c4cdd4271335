/**
 * `deno task picture`: writes the README's pictures. docs/report.png is a report's page, from a made-up report of ordinary
 * size; docs/terminal.svg a check and a migration of the worked example between two real brokers, as tmux recorded them.
 * Refuses to write one that is larger than the repository should carry.
 */
import { fileURLToPath } from "node:url";
import { renderPage } from "../lib/page/page.ts";
import { startBrowser } from "../tests/support/browser.ts";
import { migratedReport } from "../tests/support/sample_reports.ts";
import { recordTerminal, SHAPE } from "./picture/record_terminal.ts";
import { terminalSvg } from "./picture/terminal_svg.ts";

const DOCS = new URL("../docs/", import.meta.url);
const MOST_BYTES = 150_000;

async function reportPicture(): Promise<Uint8Array> {
  await using browser = await startBrowser();
  const { page } = await browser.open(renderPage(migratedReport()), {
    viewport: { width: 1280, height: 1500 },
    deviceScaleFactor: 0.65,
    colorScheme: "light",
  });
  return await page.screenshot();
}

async function terminalPicture(): Promise<Uint8Array> {
  const title = "A check and a migration of the worked example in a terminal";
  const frames = await recordTerminal();
  const rows = Math.max(...frames.map(({ lines }) => lines.length));
  return new TextEncoder().encode(terminalSvg(frames, { columns: SHAPE.columns, rows, title }));
}

async function write(name: string, picture: Uint8Array): Promise<void> {
  const path = fileURLToPath(new URL(name, DOCS));
  if (picture.length > MOST_BYTES) {
    throw new Error(`Cannot write ${path}: it would have ${picture.length} bytes`);
  }
  await Deno.writeFile(path, picture);
}

if (import.meta.main) {
  await write("report.png", await reportPicture());
  await write("terminal.svg", await terminalPicture());
}
