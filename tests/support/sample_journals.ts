/**
 * Journals as version 0.1.0 wrote them, without numbers and checksums, and the same ones as this version writes them.
 * Each is of a real migration between real brokers. Refuses to judge them.
 */

import connectorFinished from "../data/journal_0.1.0_connector_finished.jsonl" with {
  type: "text",
};
import connectorInterrupted from "../data/journal_0.1.0_connector_interrupted.jsonl" with {
  type: "text",
};
import connectorOvershot from "../data/journal_0.1.0_connector_overshot.jsonl" with {
  type: "text",
};
import finished from "../data/journal_0.1.0_finished.jsonl" with { type: "text" };
import killed from "../data/journal_0.1.0_killed.jsonl" with { type: "text" };
import lost from "../data/journal_0.1.0_lost.jsonl" with { type: "text" };
import type { JournalEntry } from "../../lib/journal/journal_entry.ts";
import { encodeEntries, NO_LINES } from "../../lib/journal/journal_lines.ts";

/** As 0.1.0 wrote them. */
export const JOURNALS_OF_0_1_0 = {
  /** With groups' positions, and a second plan for what the source had gained. */
  finished,
  /** In mid-copy, by SIGKILL. */
  killed,
  /** The same one, continued after messages had expired. */
  lost,
  /** By a connector, twice. */
  connectorFinished,
  /** By a connector, in mid-copy. */
  connectorInterrupted,
  /** The same one, continued while the source was written to. */
  connectorOvershot,
} as const;

/** The entries of a journal of 0.1.0. */
export function entriesOf(text: string): readonly JournalEntry[] {
  return text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
}

/** A journal of 0.1.0 as this version writes it. */
export function asWrittenNow(text: string): string {
  const [migration, ...rest] = entriesOf(text);
  if (migration?.type !== "migration") throw new Error("The sample does not begin as a journal");
  const { runId, at } = migration;
  return encodeEntries([
    { type: "opened", schemaVersion: 2, runId, at },
    { ...migration, schemaVersion: 2 },
    ...rest,
  ], NO_LINES).text;
}

/** A journal of this version as 0.1.0 would have written it: it has no checksums that tell of changes. */
export function asWrittenBefore(text: string): string {
  return text.split("\n").slice(1, -1).map((line) =>
    `${
      line.replace(/,"n":\d+,"sum":"\w+"/, "").replace('"schemaVersion":2', '"schemaVersion":1')
    }\n`
  ).join("");
}
