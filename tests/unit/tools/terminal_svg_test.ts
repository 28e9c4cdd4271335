import assert from "node:assert/strict";
import { runsOf, terminalSvg } from "../../../tools/picture/terminal_svg.ts";

Deno.test("runsOf() cuts a line where its colour changes, and counts columns", () => {
  assert.deepEqual(runsOf(" 41 % \x1b[32m██\x1b[0m\x1b[2m░\x1b[39m end"), [
    { column: 0, text: " 41 % ", style: "" },
    { column: 6, text: "██", style: "green" },
    { column: 8, text: "░", style: "dim" },
    { column: 9, text: " end", style: "" },
  ]);
  assert.deepEqual(runsOf(""), []);
  assert.throws(() => runsOf("a\x1b[2Jb"), /Cannot draw this escape sequence/);
});

Deno.test("terminalSvg() shows a frame at a time, and the last one where motion is not wanted", () => {
  const svg = terminalSvg(
    [{ lines: ["a <b>"], holdMs: 1_000 }, { lines: ["", "& c"], holdMs: 3_000 }],
    { columns: 10, rows: 2, title: "A & B" },
  );
  assert.match(svg, /<svg [^>]*width="112" height="64"/);
  assert.match(svg, /<title>A &amp; B<\/title>/);
  assert.match(
    svg,
    /@keyframes f0 \{ 0.000% \{ visibility: visible \} 25.000% \{ visibility: hidden/,
  );
  assert.match(
    svg,
    /@keyframes f1 \{ 0% \{ visibility: hidden \} 25.000% \{ visibility: visible \} \}/,
  );
  assert.match(svg, /reduce\) \{ #f0 [^}]*hidden \} #f1 \{ animation: none; visibility: visible/);
  assert.match(
    svg,
    /<g id="f0">\n<text x="14.0" y="27.5" textLength="42.0"[^>]*>a &lt;b&gt;<\/text>/,
  );
  assert.match(svg, /<text x="14.0" y="45.5"[^>]*>&amp; c</);
});
