// Reads the lines of a journal: each is accepted as it was written, or refused with what is wrong with it. The state that
// the entries add up to is in journal.ts. Loaded only where a journal exists, because the decoders take a while to load.

import { decodeEntry } from "./journal_decoders.ts";
import { JOURNAL_SCHEMA_VERSION, type JournalEntry, JournalError } from "./journal_entry.ts";
import { damaged, type JournalTail, RESTORE, sumOfLine } from "./journal_lines.ts";

const NEWLINE = 10;

/** The entries of a journal. */
export interface JournalLines {
  /** In order, one entry a line. */
  readonly entries: readonly JournalEntry[];
  readonly tail: JournalTail;
  /** The number of bytes in complete lines; what follows is a line that was only partly written. */
  readonly byteLength: number;
}

/**
 * Reads the lines of a journal. The last line may be torn, or hold zeros where the disk lost power before the write: then it
 * counts as not written.
 *
 * @param file the file's name in messages
 * @throws {JournalError} where any other line is damaged, or no complete line is left
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

/** The number of bytes in lines that were written completely. */
function wholeLength(bytes: Uint8Array): number {
  let end = bytes.lastIndexOf(NEWLINE) + 1;
  while (end > 0) {
    const start = bytes.subarray(0, end - 1).lastIndexOf(NEWLINE) + 1;
    // No entry contains a zero byte: JSON escapes it.
    if (!bytes.subarray(start, end).includes(0)) break;
    end = start;
  }
  return end;
}

/** Decodes UTF-8 strictly: otherwise all invalid bytes would become one character, and different damage look the same. */
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
    // A line without a checksum must at least be in the one form in which this program writes JSON: that shows some changes.
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
  const sum = sumOfLine(before, line, summed);
  if (sum === undefined) {
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
    // The JSON parser's message about a damaged line helps nobody.
    return undefined;
  }
}

/** Checks the version first: a later version may have entries that are unknown here. */
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
