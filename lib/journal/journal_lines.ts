// The lines of a journal: each carries its number `n` and a checksum `sum` that also covers the line before, so that a line
// that was changed, removed, repeated or moved is noticed. Version 1 had neither; when a journal of version 1 is continued,
// the checksums of the new lines cover all lines before them. How lines are read is in read_lines.ts.

import { createHash } from "node:crypto";
import { type JournalEntry, JournalError } from "./journal_entry.ts";

/** What the next line has to be chained to. */
export interface JournalTail {
  readonly lines: number;
  /** The checksum of the last line, which the line itself may not carry (version 1). */
  readonly sum: string;
}

/** The tail of an empty journal. */
export const NO_LINES: JournalTail = { lines: 0, sum: "" };

const SUM_START = ',"sum":"';
const SUM_DIGITS = 16;
const SUM_END = '"}';
const SUM_LENGTH = SUM_START.length + SUM_DIGITS + SUM_END.length;

/** A line with its checksum. @param body the line without the checksum */
function withSum(body: string, sum: string): string {
  return `${body.slice(0, -1)}${SUM_START}${sum}${SUM_END}`;
}

/**
 * The checksum of an existing line.
 *
 * @param carriesIt whether the line ends with its own checksum
 * @returns undefined where the line's own checksum is wrong
 */
export function sumOfLine(before: string, line: string, carriesIt: boolean): string | undefined {
  const body = carriesIt ? `${line.slice(0, -SUM_LENGTH)}}` : line;
  const sum = chained(before, body);
  return carriesIt && line !== withSum(body, sum) ? undefined : sum;
}

/** Encodes entries as lines, with their line breaks. */
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

/** The checksum notices accidents, not forgery: anyone can compute it. */
function chained(before: string, body: string): string {
  return createHash("sha256").update(`${before}\n${body}`).digest("hex").slice(0, SUM_DIGITS);
}

/** What the operator should do about a journal that is damaged, or is not the newest. */
export const RESTORE =
  "Nothing was written. Put the newest copy of the file back; without one, empty the topics on the target and delete the file to start over";

/** The error about one damaged line. @param line from 1 */
export function damaged(file: string, line: number, what: string): JournalError {
  return new JournalError(`${file}:${line}: the journal is damaged here: ${what}. ${RESTORE}`);
}
