// What every page contains unchanged: the styles, the page's own script, and the library that draws charts. The library's
// own style sheet is not used: `deno compile` takes it for a script and would put this machine's paths into the binary.

import { createHash } from "node:crypto";
import chartScript from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import chartStyle from "./chart.css" with { type: "text" };
import clientScript from "./client.js" with { type: "text" };
import pageStyle from "./page.css" with { type: "text" };
import { type Html, markup } from "./html.ts";

const STYLES = [chartStyle, pageStyle];
const SCRIPTS = [chartScript, clientScript];

const hashes = (texts: readonly string[]) =>
  texts.map((text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`).join(" ");

/** The page loads nothing and sends nothing, and only these scripts and styles may run. */
const POLICY = [
  "default-src 'none'",
  `script-src ${hashes(SCRIPTS)}`,
  `style-src ${hashes(STYLES)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** The policy and styles, for the head of the page. */
export const policyAndStyles: Html =
  markup`<meta http-equiv="Content-Security-Policy" content="${POLICY}">
${STYLES.map((text) => ({ html: `<style>${text}</style>\n` }))}`;

/** The scripts, for the end of the body. */
export const scripts: Html = markup`${
  SCRIPTS.map((text) => ({ html: `<script>${text}</script>\n` }))
}`;
