// The lines of a journal: each carries its running number `n` and a checksum `sum`, which is chained to the line before, so
// that a line that was changed, left out, repeated or moved is noticed. Version 1 had neither; where one is continued, the
// new lines are chained over all that stands before. How lines are read is in read_lines.ts.

import { createHash } from "node:crypto";
import { type JournalEntry, JournalError } from "./journal_entry.ts";

/** Where the next line goes on. */
export interface JournalTail {
  readonly lines: number;
  /** The checksum of the last line, whether it carries it or not. */
  readonly sum: string;
}

/** Before the first line. */
export const NO_LINES: JournalTail = { lines: 0, sum: "" };

const SUM_START = ',"sum":"';
const SUM_DIGITS = 16;
const SUM_END = '"}';
const SUM_LENGTH = SUM_START.length + SUM_DIGITS + SUM_END.length;

/** A line with its checksum. @param body the line without it */
function withSum(body: string, sum: string): string {
  return `${body.slice(0, -1)}${SUM_START}${sum}${SUM_END}`;
}

/**
 * The checksum of a line that stands there.
 *
 * @param carriesIt whether the line ends with its own
 * @returns undefined where that is another
 */
export function sumOfLine(before: string, line: string, carriesIt: boolean): string | undefined {
  const body = carriesIt ? `${line.slice(0, -SUM_LENGTH)}}` : line;
  const sum = chained(before, body);
  return carriesIt && line !== withSum(body, sum) ? undefined : sum;
}

/** Entries as lines, with their line breaks. */
export function encodeEntries(
  entries: readonly JournalEntry[],
  after: JournalTail,
): { readonly text: string; readonly tail: JournalTail } {
  let { lines, sum } = after;
  let text = "";
  for (const entry of entries) {
    lines += 1;
    const body = JSON.stringify({ ...entry, n: lines });
    sum = chained(sum, body);
    text += `${withSum(body, sum)}\n`;
  }
  return { text, tail: { lines, sum } };
}

/** A checksum notices accidents: who wants to forge a journal can. */
function chained(before: string, body: string): string {
  return createHash("sha256").update(`${before}\n${body}`).digest("hex").slice(0, SUM_DIGITS);
}

/** What to do about a journal that is damaged, or is not the newest. */
export const RESTORE =
  "Nothing was written. Put the newest copy of the file back; without one, empty the topics on the target and delete the file to start over";

/** The error about one line. @param line from 1 */
export function damaged(file: string, line: number, what: string): JournalError {
  return new JournalError(`${file}:${line}: the journal is damaged here: ${what}. ${RESTORE}`);
}
