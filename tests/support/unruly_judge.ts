/**
 * Judges a migration between unruly clusters by what was drawn: what arrived, what the journal says of it, where groups
 * would go on, and what a verification finds.
 */

import assert from "node:assert/strict";
import { wantedPositions } from "../../lib/plan/group_offsets.ts";
import type { JournaledPartition, JournalState } from "../../lib/journal/journal_state.ts";
import type { OffsetSpan } from "../../lib/model/offsets.ts";
import type { Plan } from "../../lib/plan/plan.ts";
import { formatTopicPartition, type TopicPartition } from "../../lib/model/topic_partition.ts";
import { sum } from "../../lib/model/units.ts";
import { openReaders } from "../../lib/verification/open_readers.ts";
import { formatPosition, translatePositions } from "../../lib/groups/translate_positions.ts";
import { verifyContent } from "../../lib/verification/verify_content.ts";
import { verifyOnTarget } from "../../lib/verification/verify_on_target.ts";
import { contentsOf, type TestRecord } from "./record_batch_builder.ts";
import type { TargetLog, UnrulyClusters } from "./unruly_clusters.ts";
import type { UnrulyLog } from "./unruly_log.ts";

/** What is there of a partition, and what has to be. */
interface Copied {
  /** Planned, not lost, and still in the source's log; in order. */
  readonly wanted: readonly bigint[];
  /** Source offsets of what the target has of ours, in its order. */
  readonly held: readonly bigint[];
  /** Where that lies on the target. */
  readonly offsets: readonly bigint[];
}

function copied(
  log: UnrulyLog,
  target: TargetLog,
  { ranges, lost }: JournaledPartition,
): Copied {
  const ours = target.batches.filter((batch) => batch.ours);
  return {
    wanted: log.survivors.map(({ offset }) => offset)
      .filter((offset) => isWithin(offset, ranges) && !isWithin(offset, lost)),
    held: ours.flatMap(({ records }) => records.map(sourceOffsetOf)),
    offsets: ours.flatMap(({ first, records }) => records.map((_, at) => first + BigInt(at))),
  };
}

/** Records of a partition before a source offset. */
const before = ({ held }: Copied, offset: bigint) => held.filter((each) => each < offset).length;

/** The target offset after so many records. */
const endOfOurs = ({ offsets }: Copied, count: bigint) => (offsets[Number(count) - 1] ?? -1n) + 1n;

/** Judges what arrived of a partition, and what its journal says. @param killed whether runs were */
export function judgeCopy(
  log: UnrulyLog,
  target: TargetLog,
  journaled: JournaledPartition,
  killed: boolean,
): void {
  const { ranges, lost, status, records } = journaled;
  const all = copied(log, target, journaled);
  const { wanted, held, offsets } = all;
  const contents = new Map(log.records.map((record) => [record.offset, record]));
  assert.deepEqual(
    contentsOf(target.records),
    contentsOf(held.flatMap((offset) => contents.get(offset) ?? [])),
  );
  held.forEach((offset, index) => {
    assert.ok(index === 0 || offset > held[index - 1]!, `${offset} came twice, or out of order`);
    assert.ok(isWithin(offset, ranges), `${offset} was not to be copied`);
  });
  const arrived = new Set(held);
  const until = status === "done" ? undefined : held.at(-1) ?? -1n;
  assert.deepEqual(
    wanted.filter((offset) => !arrived.has(offset) && (until === undefined || offset <= until)),
    [],
    "missing",
  );
  const planned = log.records.filter(({ offset }) => isWithin(offset, ranges));
  const dense = BigInt(planned.length) === sum(ranges, (each) => each.endOffset - each.startOffset);
  // Where runs were killed, a request of theirs may come after what it brings has been given up.
  if (dense && !killed) {
    assert.deepEqual(held.filter((offset) => isWithin(offset, lost)), [], "not lost");
  }
  for (const span of lost) assert.ok(span.endOffset <= log.logStartOffset, "it was still there");
  if (status === "done") {
    assert.equal(records, BigInt(held.length));
    assert.equal(journaled.recordsRead, records);
    assert.equal(journaled.targetFirstOffset, offsets[0]);
    if (records > 0n) assert.equal(journaled.targetOffset, endOfOurs(all, records));
  }
  // What may be lost in part only tells no position.
  if ((killed || !dense) && lost.length > 0) return;
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
  /** Whether the source's logs are compacted. */
  readonly compacts: boolean;
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
    if (journaled.lost.length > 0 || all.held.length === 0) continue;
    const behindLast = all.offsets.at(-1)! + 1n;
    const expected = all.offsets[before(all, position.sourceOffset)];
    // Behind our last record others may have written, which a later plan leaves out.
    if (expected === undefined) assert.ok(found >= behindLast);
    else assert.equal(found, expected);
  }
}

async function judgeVerification(
  { clusters, state, plan, calm, compacts }: Finished,
): Promise<void> {
  const { source, target } = clusters;
  const { signal } = new AbortController();
  const counted = await verifyOnTarget(target, state, { plan, bytesPerSecond: undefined, signal });
  const { partitions } = await verifyContent({
    ...{ source, target, journal: state, counted, bytesPerSecond: undefined, signal },
    onProgress() {},
  });
  for (const { status, reason, topic, partition } of partitions) {
    const journaled = state.partitions.get(formatTopicPartition({ topic, partition }));
    if (journaled?.status !== "done" || journaled.lost.length > 0) continue;
    if (calm) assert.ok(status === "verified" || status === "skipped", `${status}: ${reason}`);
    // The source has lost messages since, and does not say that it may.
    if (compacts) continue;
    // What differs would be wrong; that something could not be read may be.
    assert.doesNotMatch(reason ?? "", /differ in|is missing|holds a message/);
  }
}

/** A value tells the source offset: `value of 152`. */
function sourceOffsetOf({ value }: TestRecord): bigint {
  return BigInt(/\d+$/.exec(new TextDecoder().decode(value ?? undefined))?.[0] ?? -1);
}

function isWithin(offset: bigint, spans: readonly OffsetSpan[]): boolean {
  return spans.some(({ startOffset, endOffset }) => offset >= startOffset && offset < endOffset);
}
