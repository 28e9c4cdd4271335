/**
 * What stood on a terminal, moment after moment, as an animated SVG: text as tmux captures it with its colours in, a
 * picture out that shows the moments in turn, over and over, and the last one alone where motion is not wanted. Refuses
 * escape sequences other than colours.
 */

/** A moment. */
export interface Frame {
  /** Lines of the screen, with SGR sequences. */
  readonly lines: readonly string[];
  /** How long it is shown. */
  readonly holdMs: number;
}

/** A piece of a line in one style. */
interface Run {
  readonly column: number;
  readonly text: string;
  readonly style: string;
}

const CHARACTER = { width: 8.4, height: 18 };
const MARGIN = 14;
/** SGR numbers to the classes of the picture's style; others leave a text as it is. */
const CLASSES: Readonly<Record<string, string>> = {
  "1": "bold",
  "2": "dim",
  "31": "red",
  "32": "green",
  "33": "yellow",
};
const STYLE = `rect { fill: #12171d }
text { font: 14px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #e4e9ef; white-space: pre }
.bold { font-weight: bold } .dim { fill: #7d8995 }
.red { fill: #ff9a9a } .green { fill: #7fd699 } .yellow { fill: #f0c36a }`;

/** Renders the picture; `columns` and `rows` are the terminal's. */
export function terminalSvg(
  frames: readonly Frame[],
  { columns, rows, title }: {
    readonly columns: number;
    readonly rows: number;
    readonly title: string;
  },
): string {
  const width = Math.ceil(columns * CHARACTER.width + 2 * MARGIN);
  const height = rows * CHARACTER.height + 2 * MARGIN;
  const totalMs = frames.reduce((sum, { holdMs }) => sum + holdMs, 0);
  const share = (ms: number) => `${(100 * ms / totalMs).toFixed(3)}%`;
  let begin = 0;
  const moments = frames.map(({ holdMs }, index) => {
    const [from, to] = [begin, begin += holdMs];
    // Steps: between two of these nothing fades.
    const before = from === 0 ? "" : `0% { visibility: hidden } `;
    const after = index === frames.length - 1 ? "" : ` ${share(to)} { visibility: hidden }`;
    return `@keyframes f${index} { ${before}${share(from)} { visibility: visible }${after} }
#f${index} { visibility: hidden; animation: f${index} ${totalMs}ms step-end infinite }`;
  });
  const still = frames.map((_, index) =>
    `#f${index} { animation: none; visibility: ${
      index === frames.length - 1 ? "visible" : "hidden"
    } }`
  ).join(" ");
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${escapeXml(title)}</title>
<style>${STYLE}
${moments.join("\n")}
@media (prefers-reduced-motion: reduce) { ${still} }
</style>
<rect width="100%" height="100%" rx="8"/>
${frames.map(frameGroup).join("\n")}
</svg>
`;
}

function frameGroup({ lines }: Frame, index: number): string {
  const texts = lines.flatMap((line, row) =>
    runsOf(line).filter(({ text }) => text.trim() !== "").map((run) => runText(run, row))
  );
  return `<g id="f${index}">\n${texts.join("\n")}\n</g>`;
}

/** With its length given, text keeps to the columns in whatever font there is. */
function runText({ column, text, style }: Run, row: number): string {
  const x = (MARGIN + column * CHARACTER.width).toFixed(1);
  const y = MARGIN + (row + 0.75) * CHARACTER.height;
  const length = ([...text].length * CHARACTER.width).toFixed(1);
  return `<text x="${x}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs"${
    style === "" ? "" : ` class="${style}"`
  }>${escapeXml(text)}</text>`;
}

/** A line cut where its style changes. @throws Error on a sequence that is no colour */
export function runsOf(line: string): readonly Run[] {
  const runs: Run[] = [];
  let style: readonly string[] = [];
  let column = 0;
  // deno-lint-ignore no-control-regex
  for (const [, sequence, text = ""] of line.matchAll(/\x1b\[([\d;]*)m|([^\x1b]+)|\x1b/g)) {
    if (sequence !== undefined) {
      for (const code of sequence.split(";")) {
        if (code === "" || code === "0" || code === "39") style = [];
        else if (CLASSES[code] !== undefined) style = [...style, CLASSES[code]];
      }
    } else if (text === "") {
      throw new Error(`Cannot draw this escape sequence: ${JSON.stringify(line)}`);
    } else {
      runs.push({ column, text, style: style.join(" ") });
      column += [...text].length;
    }
  }
  return runs;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
