/**
 * Judges a migration between unruly clusters by what was drawn: what arrived, what the journal says of it, where groups
 * would go on, and what a verification finds.
 */

import assert from "node:assert/strict";
import { wantedPositions } from "../../lib/core/group_offsets.ts";
import type { JournaledPartition, JournalState } from "../../lib/core/journal.ts";
import type { OffsetSpan } from "../../lib/core/offsets.ts";
import type { Plan } from "../../lib/core/plan.ts";
import { formatTopicPartition, type TopicPartition } from "../../lib/core/topic_partition.ts";
import { sum } from "../../lib/core/units.ts";
import { openReaders } from "../../lib/run/open_readers.ts";
import { formatPosition, translatePositions } from "../../lib/run/translate_positions.ts";
import { verifyContent } from "../../lib/run/verify_content.ts";
import { verifyOnTarget } from "../../lib/run/verify_on_target.ts";
import { contentsOf, type TestRecord } from "./record_batch_builder.ts";
import type { TargetLog, UnrulyClusters } from "./unruly_clusters.ts";
import type { UnrulyLog } from "./unruly_log.ts";

/** What there was to copy of a partition, and where it lies. */
interface Copied {
  /** What was planned and is not lost, in order. */
  readonly wanted: readonly TestRecord[];
  readonly held: readonly TestRecord[];
  /** On the target, of `held`. */
  readonly offsets: readonly bigint[];
  /** Whether what is lost is known to the message. */
  readonly exact: boolean;
}

function copied(
  log: UnrulyLog,
  target: TargetLog,
  { ranges, lost }: JournaledPartition,
): Copied {
  const planned = log.records.filter(({ offset }) => isWithin(offset, ranges));
  const ours = target.batches.filter((batch) => batch.ours);
  const held = ours.flatMap((batch) => batch.records);
  const arrived = new Set(held.map(valueOf));
  // What expired between two runs may have been copied: where offsets have gaps, it cannot be told up to which.
  const dense = BigInt(planned.length) === sum(ranges, (each) => each.endOffset - each.startOffset);
  const wanted = planned.filter((record) =>
    !isWithin(record.offset, lost) || (!dense && arrived.has(valueOf(record)))
  );
  const offsets = ours.flatMap(({ first, records }) => records.map((_, at) => first + BigInt(at)));
  return { wanted, held, offsets, exact: dense || lost.length === 0 };
}

/** Records of a partition before a source offset. */
const before = ({ wanted }: Copied, offset: bigint) =>
  wanted.filter((each) => each.offset < offset).length;

/** The target offset after so many records. */
const endOfOurs = ({ offsets }: Copied, count: bigint) => (offsets[Number(count) - 1] ?? -1n) + 1n;

/** Judges what arrived of a partition, and what its journal says. */
export function judgeCopy(log: UnrulyLog, target: TargetLog, journaled: JournaledPartition): void {
  const { lost, status, records } = journaled;
  const all = copied(log, target, journaled);
  const { wanted, held, offsets } = all;
  const expected = status === "done" ? wanted : wanted.slice(0, held.length);
  assert.deepEqual(held.map(valueOf), expected.map(valueOf));
  assert.deepEqual(contentsOf(held), contentsOf(expected));
  for (const span of lost) assert.ok(span.endOffset <= log.logStartOffset, "it was still there");
  if (status === "done") {
    assert.equal(records, BigInt(held.length));
    assert.equal(journaled.recordsRead, records);
    assert.equal(journaled.targetFirstOffset, offsets[0]);
    if (records > 0n) assert.equal(journaled.targetOffset, endOfOurs(all, records));
  }
  for (const { sourceOffset, targetOffset, ...mark } of journaled.marks) {
    assert.equal(mark.records, BigInt(before(all, sourceOffset)));
    // Others may have written before a later plan.
    if (mark.records > 0n) assert.ok(targetOffset >= endOfOurs(all, mark.records));
  }
  for (const [sourceOffset, targetOffset] of journaled.positions) {
    assert.equal(targetOffset, offsets[before(all, sourceOffset)]);
  }
}

/** A migration that is through. */
export interface Finished {
  readonly clusters: UnrulyClusters;
  readonly logs: readonly UnrulyLog[];
  readonly state: JournalState;
  readonly plan: Plan;
  /** Whether everything can be found out, as nothing goes wrong any more. */
  readonly calm: boolean;
}

/** Judges where groups would go on, and what verifications find. */
export async function judgeFindings(finished: Finished): Promise<void> {
  await judgePositions(finished);
  await judgeVerification(finished);
}

async function judgePositions({ clusters, logs, state, plan, calm }: Finished): Promise<void> {
  const { source, target, targetLogs } = clusters;
  const signal = new AbortController().signal;
  const wanted = wantedPositions(plan);
  const work = [...state.partitions.values()];
  const logOf = ({ partition }: TopicPartition) => logs[partition]!;
  const translated = await translatePositions(
    wanted,
    state,
    (partition) => logOf(partition).logStartOffset,
    () => openReaders(source, target, work, { bytesPerSecond: undefined, signal }),
  );
  for (const position of wanted) {
    const journaled = state.partitions.get(formatTopicPartition(position));
    const found = translated.get(formatPosition(position));
    if (journaled?.status !== "done") continue;
    if (typeof found !== "bigint") {
      assert.ok(!calm, `no position: ${found}`);
      continue;
    }
    const all = copied(logOf(position), targetLogs[position.partition]!, journaled);
    if (!all.exact || all.held.length === 0) continue;
    const behindLast = all.offsets.at(-1)! + 1n;
    const expected = all.offsets[before(all, position.sourceOffset)];
    // Behind our last record others may have written, which a later plan leaves out.
    if (expected === undefined) assert.ok(found >= behindLast);
    else assert.equal(found, expected);
  }
}

async function judgeVerification({ clusters, state, plan, calm }: Finished): Promise<void> {
  const { source, target } = clusters;
  const { signal } = new AbortController();
  const counted = await verifyOnTarget(target, state, plan, signal);
  const { partitions } = await verifyContent({
    ...{ source, target, journal: state, counted, bytesPerSecond: undefined, signal },
    onProgress() {},
  });
  for (const { status, reason, topic, partition } of partitions) {
    const journaled = state.partitions.get(formatTopicPartition({ topic, partition }));
    if (journaled?.status !== "done" || journaled.lost.length > 0) continue;
    if (calm) assert.ok(status === "verified" || status === "skipped", `${status}: ${reason}`);
    // What differs would be wrong; that something could not be read may be.
    assert.doesNotMatch(reason ?? "", /differ in|is missing|holds a message/);
  }
}

/** `value of 152`: it tells the source offset. */
function valueOf({ value }: TestRecord): string {
  return new TextDecoder().decode(value ?? new Uint8Array(0));
}

function isWithin(offset: bigint, spans: readonly OffsetSpan[]): boolean {
  return spans.some(({ startOffset, endOffset }) => offset >= startOffset && offset < endOffset);
}
