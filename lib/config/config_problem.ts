// Config problems and how they are shown: `migration.yaml:12:7: what is wrong, what was expected`, then the line with a caret.
// A problem holds positions, never text of the file: the spans that come with it say which parts of the line must not be
// shown.

/** Columns of a line, counted from 0; `to` is exclusive. */
export interface ColumnSpan {
  readonly from: number;
  readonly to: number;
}

/** One problem in the configuration. */
export interface ConfigProblem {
  /** The file's name as the operator gave it. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 units, as editors count. */
  readonly column: number;
  /** What is wrong, what was expected: one line, without a full stop, never a secret. */
  readonly message: string;
  /** The parts of the line that must not be shown; `all`: the line is not shown. */
  readonly hidden: readonly ColumnSpan[] | "all";
}

const MOST_SHOWN = 50;
const WIDEST_LINE = 100;

/** The problems as text for the screen, one after the other; `text` is the file's content. */
export function formatProblems(
  problems: readonly ConfigProblem[],
  text: string | Uint8Array,
): string {
  const whole = typeof text === "string" ? text : new TextDecoder().decode(text);
  const lines = whole.replace(/^\uFEFF/, "").split(/\r?\n/);
  const shown = problems.slice(0, MOST_SHOWN).map((problem) => formatProblem(problem, lines));
  if (problems.length > MOST_SHOWN) shown.push(`and ${problems.length - MOST_SHOWN} more`);
  return shown.join("\n");
}

function formatProblem(problem: ConfigProblem, lines: readonly string[]): string {
  const { file, line, column, message, hidden } = problem;
  const head = `${file}:${line}:${column}: ${message}`;
  const source = lines[line - 1];
  if (hidden === "all" || source === undefined || source.trim() === "") return head;
  const { shown, caret } = windowOf(maskSpans(source, hidden, column - 1));
  const before = [...shown.slice(0, caret)].map((character) => WIDE.test(character) ? "  " : " ");
  return `${head}\n  ${shown.trimEnd()}\n  ${before.join("")}^`;
}

interface MarkedLine {
  readonly shown: string;
  readonly caret: number;
}

function maskSpans(line: string, spans: readonly ColumnSpan[], column: number): MarkedLine {
  let shown = "";
  let caret = column;
  let at = 0;
  for (const { from, to } of [...spans].sort((a, b) => a.from - b.from)) {
    if (to <= at) continue;
    const start = Math.max(from, at);
    shown += line.slice(at, start);
    if (column >= to) caret += 3 - (to - start);
    else if (column > start) caret -= column - start;
    // Adjacent spans belong to one secret, so they give one `***`.
    if (start === at && shown.endsWith("***")) caret -= column >= to ? 3 : 0;
    else shown += "***";
    at = to;
  }
  shown += line.slice(at);
  return { shown: shown.replace(UNPRINTABLE, (it) => it === "\t" ? " " : "\uFFFD"), caret };
}

/** Cuts a long line to the part around the caret. */
function windowOf({ shown, caret }: MarkedLine): MarkedLine {
  if (shown.length <= WIDEST_LINE) return { shown, caret };
  const from = Math.max(0, Math.min(caret - WIDEST_LINE / 2, shown.length - WIDEST_LINE));
  const to = from + WIDEST_LINE;
  const left = from > 0 ? "…" : "";
  const right = to < shown.length ? "…" : "";
  return { shown: left + shown.slice(from, to) + right, caret: caret - from + left.length };
}

// Control characters, line separators and marks that reorder text: the config's lines are printed on a terminal.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** Characters that are two columns wide in a terminal. */
const WIDE =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1F9FF}\u{20000}-\u{3FFFD}]/u;
