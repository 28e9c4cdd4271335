// The lines of a journal: each carries its running number `n` and a checksum `sum`, which is chained to the line before, so
// that a line that was changed, left out, repeated or moved is noticed. Version 1 had neither; where one is continued, the
// new lines are chained over all that stands before. Bytes in, entries out; what these add up to is in journal.ts.

import { createHash } from "node:crypto";
import { decodeEntry } from "./journal_decoders.ts";
import { JOURNAL_SCHEMA_VERSION, type JournalEntry, JournalError } from "./journal_entry.ts";

/** Where the next line goes on. */
export interface JournalTail {
  readonly lines: number;
  /** The checksum of the last line, whether it carries it or not. */
  readonly sum: string;
}

/** Before the first line. */
export const NO_LINES: JournalTail = { lines: 0, sum: "" };

/** What the lines of a journal hold. */
export interface JournalLines {
  /** In order, one a line. */
  readonly entries: readonly JournalEntry[];
  readonly tail: JournalTail;
  /** How many bytes the whole lines take; what follows is a line that was not written whole. */
  readonly byteLength: number;
}

const NEWLINE = 10;
const SUM_START = ',"sum":"';
const SUM_DIGITS = 16;
const SUM_END = '"}';
const SUM_LENGTH = SUM_START.length + SUM_DIGITS + SUM_END.length;

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
    text += `${body.slice(0, -1)}${SUM_START}${sum}${SUM_END}\n`;
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

/**
 * Reads the lines of a journal. The last one may be torn, or hold zeros where a disk without power did not write: then it
 * counts as not written.
 *
 * @param file how messages name it
 * @throws {JournalError} where any other line is not as it was written, or none is left
 */
export function readLines(bytes: Uint8Array, file: string): JournalLines {
  const byteLength = wholeLength(bytes);
  if (byteLength === 0) {
    throw new JournalError(
      `${file}: the journal holds ${
        bytes.length === 0 ? "nothing" : "no whole line"
      }, which a run that has begun to copy never leaves behind. ${RESTORE}. Where no run has copied anything yet, just delete it`,
    );
  }
  const lines = textOf(bytes.subarray(0, byteLength), file).split("\n").slice(0, -1);
  const entries: JournalEntry[] = [];
  let sum = "";
  let summed = false;
  for (const [index, line] of lines.entries()) {
    const read = readLine(line, index + 1, sum, summed, file);
    entries.push(read.entry);
    sum = read.sum;
    summed ||= read.summed;
  }
  return { entries, tail: { lines: lines.length, sum }, byteLength };
}

/** How many bytes belong to lines that were written whole. */
function wholeLength(bytes: Uint8Array): number {
  let end = bytes.lastIndexOf(NEWLINE) + 1;
  while (end > 0) {
    const start = bytes.subarray(0, end - 1).lastIndexOf(NEWLINE) + 1;
    // No entry holds a zero byte: JSON writes it in another way.
    if (!bytes.subarray(start, end).includes(0)) break;
    end = start;
  }
  return end;
}

/** Bytes that are no text would be taken for one character, and so for each other. */
function textOf(bytes: Uint8Array, file: string): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return decoder.decode(bytes);
  } catch {
    let line = 1;
    for (let start = 0; start < bytes.length; line++) {
      const end = bytes.indexOf(NEWLINE, start) + 1;
      try {
        decoder.decode(bytes.subarray(start, end));
      } catch {
        break;
      }
      start = end;
    }
    throw damaged(file, line, "it holds bytes that are no text");
  }
}

function readLine(
  line: string,
  number: number,
  before: string,
  mustBeSummed: boolean,
  file: string,
): { readonly entry: JournalEntry; readonly sum: string; readonly summed: boolean } {
  const value = parseObject(line);
  if (value === undefined) throw damaged(file, number, "it is no JSON object");
  const { n, sum: given, ...fields } = value;
  if (number === 1) checkVersion(fields, file);
  const summed = given !== undefined || n !== undefined;
  if (!summed) {
    // What a line without a checksum tells of changes: this program writes JSON in one way only.
    if (mustBeSummed || (number === 1 && fields["schemaVersion"] !== 1)) {
      throw damaged(file, number, "it has no number and no checksum");
    }
    if (JSON.stringify(value) !== line) {
      throw damaged(file, number, "it is not written as this program writes it");
    }
  } else if (n !== number) {
    throw damaged(
      file,
      number,
      Number.isSafeInteger(n)
        ? `line ${n} stands here: lines are missing, repeated or in another order`
        : "it has no number",
    );
  }
  const body = summed ? `${line.slice(0, -SUM_LENGTH)}}` : line;
  const sum = chained(before, body);
  if (summed && line !== `${body.slice(0, -1)}${SUM_START}${sum}${SUM_END}`) {
    throw damaged(file, number, "it was changed after it was written: its checksum does not fit");
  }
  const entry = decodeEntry(fields);
  if (typeof entry === "string") throw damaged(file, number, entry);
  return { entry, sum, summed };
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = JSON.parse(line);
    return typeof value === "object" && !Array.isArray(value) ? value ?? undefined : undefined;
  } catch {
    // What the parser thinks of a damaged line helps nobody.
    return undefined;
  }
}

/** A later version may have other entries: it is told apart before anything else is judged. */
function checkVersion({ type, schemaVersion }: Readonly<Record<string, unknown>>, file: string) {
  if (type !== "opened" && type !== "migration") {
    throw damaged(file, 1, "it is not the first line of a journal");
  }
  if (Number.isSafeInteger(schemaVersion) && Number(schemaVersion) > JOURNAL_SCHEMA_VERSION) {
    throw new JournalError(
      `${file}:1: the journal has version ${schemaVersion}, this program reads versions 1 to ${JOURNAL_SCHEMA_VERSION}; continue with the program that wrote it`,
    );
  }
}
