/**
 * A real browser, Debian's Chromium, that opens pages and keeps count of what they must not do: say something on the
 * console, fail, ask for anything but themselves. Refuses to download a browser.
 */

import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { ensureChromium } from "./prerequisites.ts";
import { runCommand } from "./run_command.ts";

/** A page that is open. */
export interface OpenPage {
  readonly page: Page;
  /** What the console said, errors thrown, and addresses asked for but the page's own. */
  readonly complaints: readonly string[];
  /** From the start of loading until the page's scripts have run, ms. */
  readonly loadMs: number;
}

/** A browser with a folder for its pages. */
export interface PageBrowser extends AsyncDisposable {
  /** Opens HTML as the file it would be. */
  readonly open: (html: string, options?: BrowserContextOptions) => Promise<OpenPage>;
}

/** Starts the browser. */
export async function startBrowser(): Promise<PageBrowser> {
  await ensureChromium();
  const executablePath = (await runCommand("sh", ["-c", "command -v chromium"])).trim();
  const folder = await Deno.makeTempDir({ prefix: "data-migrate-pages-" });
  const browser: Browser = await chromium.launch({
    executablePath,
    // Root, in a container, has no sandbox; the pages are our own.
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  let opened = 0;
  return {
    async open(html, options = {}) {
      const path = `${folder}/${opened++}.html`;
      await Deno.writeTextFile(path, html);
      const url = pathToFileURL(path).href;
      const context = await browser.newContext(options);
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
      page.on("pageerror", (error) => complaints.push(`thrown: ${error.message}`));
      page.on("request", (request) => {
        if (request.url() !== url) complaints.push(`asked for ${request.url()}`);
      });
      const started = performance.now();
      await page.goto(url);
      return { page, complaints, loadMs: performance.now() - started };
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
