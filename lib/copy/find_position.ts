// How far an earlier process got on the target, whatever its journal had time to say. The leader remembers the last
// sequence of our producer id, which is the number of records copied; reading the target forward from the last
// journaled offset finds the same records below the high watermark, where no failure can take them back. What is
// found may be outdated the moment it is: what makes going on safe is that every produce carries its sequence.

import {
  baseSequence,
  batchMagic,
  lastOffset,
  lastOffsetDelta,
  nextBatchSize,
  producerEpoch,
  producerId,
} from "../batch/record_batch.ts";
import { CorruptBatchError } from "../batch/corrupt_batch_error.ts";
import { formatKafkaError, kafkaError } from "../core/kafka_error.ts";
import {
  type EpochStart,
  newestEpoch,
  type PartitionProducer,
  recordsBeforeIn,
} from "../core/sequence.ts";
import { formatTopicPartition, type TopicPartition } from "../core/topic_partition.ts";
import { delay } from "../kafka/delay.ts";
import { listEndOffsets, listPartitionOffsets } from "../kafka/partition_offsets.ts";
import { fetchLastSequences } from "../kafka/producer_state.ts";
import { requireVersion, speaks } from "../wire/api_version.ts";
import type { BrokerConnection } from "../wire/connect.ts";
import type { ResponseFrame } from "../wire/connection.ts";
import { ProtocolError } from "../wire/protocol_reader.ts";
import { decodeFetch, encodeFetch, type FetchedPartition } from "../wire/fetch.ts";
import { digestRecords } from "./held_records.ts";
import { LONGEST_THROTTLE_MS } from "./lane.ts";

/** A point of a partition's copy on the target. */
export interface TargetPosition {
  /** Records of ours before it. */
  readonly records: bigint;
  /** Target offset after the last of them. */
  readonly targetOffset: bigint;
  /** Target offset of the very first; absent where there is none. */
  readonly targetFirstOffset?: bigint;
  /**
   * Where contents were asked for: the records of ours beyond the position it was sought from, in order
   * (`digestRecords`).
   */
  readonly held?: readonly string[];
}

/** A point that was found. */
export interface FoundPosition extends TargetPosition {
  /**
   * The newest epoch has not begun and cannot begin any more: after it was journaled, a late request has stored more of
   * an epoch before it. Brokers refuse what would go on here with either.
   */
  readonly epochIsVoid?: true;
  /**
   * Nothing of the newest epoch could be seen, and nobody can tell that nothing is there: the end may be one of the past,
   * and a target that does not know the epoch would take its first batch again.
   */
  readonly epochMayHaveBegun?: true;
}

/** How records are told apart where counting them misleads. */
export interface CompareContents {
  /** False where the target sets timestamps of its own. */
  readonly timestamps: boolean;
}

/** How a position is looked for. */
export interface LookOptions {
  /** Given where the records beyond the position that is known are wanted too. */
  readonly contents?: CompareContents | undefined;
  /**
   * The log's end counts only so many milliseconds after the look began: by then what the leader had in its log at first
   * is replicated, or whoever keeps it from being is no longer waited for. Brokers since 2.8 have no need of it, which
   * refuse nobody they do not know. 0 unless told.
   */
  readonly settleMs?: number;
}

/** The position could not be found; `message` is a sentence. */
export class PositionError extends Error {
  override readonly name = "PositionError";

  /** @param passing whether looking again later may find it */
  constructor(message: string, readonly passing = false) {
    super(message);
  }
}

/** How long records that the leader has may take to be replicated (KIP-207), or to come from tiered storage (KIP-405). */
const PATIENCE_MS = 60_000;
const SETTLE_INTERVAL_MS = 500;
const SCAN_BYTES = 4 * 1024 * 1024;
const OFFSET_OUT_OF_RANGE = 1;

/**
 * Finds the position of one partition.
 *
 * @param broker its leader on the target, with a connection of one's own
 * @param from a position known for certain: the journal's
 * @throws {ConnectionError | ProtocolError | PositionError}
 */
export async function findPosition(
  broker: BrokerConnection,
  partition: TopicPartition,
  producer: PartitionProducer,
  from: TargetPosition,
  { contents, settleMs = 0 }: LookOptions,
  signal: AbortSignal,
): Promise<FoundPosition> {
  const began = performance.now();
  const remembers = speaks(broker, "DescribeProducers", 0);
  const epoch = newestEpoch(producer);
  const last = await lastSequence(broker, partition, producer.producerId, epoch);
  const records = last === undefined
    ? undefined
    : recordsBeforeIn(producer, epoch.producerEpoch, last + 1, from.records);
  if (records === from.records) return from;
  if (records !== undefined && records < from.records) {
    throw new PositionError(
      `the target holds ${
        from.records - records
      } of our messages less than it has acknowledged: it was truncated or re-created`,
    );
  }
  const scan: Scan = {
    records: from.records,
    nextOffset: from.targetOffset,
    found: from,
    contents,
    held: [],
    lastEpoch: undefined,
    deleted: false,
  };
  let nothingSince: number | undefined;
  while (records === undefined || scan.records < records) {
    const { nextOffset } = scan;
    const highWatermark = await scanOnce(broker, partition, producer, scan, signal);
    if (highWatermark === undefined) continue;
    // What was there when the epoch began has to be there still, unless it was deleted.
    const mayEnd = records === undefined && scan.nextOffset === highWatermark &&
      (scan.records >= epoch.records || scan.deleted);
    const settled = remembers || performance.now() - began >= settleMs;
    if (mayEnd && await endsAt(broker, partition, highWatermark)) {
      if (settled) break;
      await delay(SETTLE_INTERVAL_MS, signal);
    } else if (scan.nextOffset > nextOffset) nothingSince = undefined;
    else {
      nothingSince ??= performance.now();
      const wanted = scan.records < epoch.records ? epoch.records : records;
      if (performance.now() - nothingSince > PATIENCE_MS) {
        throw new PositionError(whyNothing(scan, highWatermark, wanted), true);
      }
      await delay(100, signal);
    }
  }
  const found = foundIn(epoch, scan);
  const unsure = found.records === epoch.records && !remembers && settleMs === 0;
  return {
    ...found,
    ...(unsure && { epochMayHaveBegun: true }),
    ...(contents !== undefined && { held: scan.held }),
  };
}

/** What a scan to the end comes to, by what was known when the newest epoch began. */
function foundIn(epoch: EpochStart, { found, lastEpoch }: Scan): FoundPosition {
  if (found.records >= epoch.records) {
    const isVoid = lastEpoch !== undefined && lastEpoch !== epoch.producerEpoch &&
      found.records > epoch.records;
    return isVoid ? { ...found, epochIsVoid: true } : found;
  }
  // What was there then has been deleted since; it was there.
  const { producerEpoch: _, ...known } = epoch;
  return { ...known, ...found, records: epoch.records, targetOffset: epoch.targetOffset };
}

/** As the leader remembers it; undefined where it does not, or does not tell. */
async function lastSequence(
  broker: BrokerConnection,
  partition: TopicPartition,
  producerId: bigint,
  { producerEpoch }: EpochStart,
): Promise<number | undefined> {
  const told = await fetchLastSequences(broker, [partition], { producerId, producerEpoch });
  const last = told.get(formatTopicPartition(partition));
  if (last === undefined || "sequence" in last) return last?.sequence;
  // Who may not ask finds out by reading. Who asks at the wrong time must not take that for an answer.
  if (kafkaError(last.errorCode).action === "fatal") return undefined;
  throw new ProtocolError(`the target cannot be asked now: ${formatKafkaError(last.errorCode)}`);
}

/** The high watermark of a leader that has just taken over may lie behind; then it names no end (KIP-207). */
async function endsAt(
  broker: BrokerConnection,
  partition: TopicPartition,
  offset: bigint,
): Promise<boolean> {
  const ends = await listEndOffsets(broker, [partition]);
  return ends.get(formatTopicPartition(partition)) === offset;
}

interface Scan {
  records: bigint;
  nextOffset: bigint;
  found: TargetPosition;
  readonly contents: CompareContents | undefined;
  readonly held: string[];
  /** Of the last batch of ours that was met. */
  lastEpoch: number | undefined;
  /** Whether some of what was to be read has been deleted. */
  deleted: boolean;
}

/** Reads on from where the scan stands. @returns the high watermark; undefined where nothing could be read now */
async function scanOnce(
  broker: BrokerConnection,
  partition: TopicPartition,
  producer: PartitionProducer,
  scan: Scan,
  signal: AbortSignal,
): Promise<bigint | undefined> {
  const version = requireVersion(broker, "Fetch");
  const request = encodeFetch(version, [{
    ...partition,
    leaderEpoch: -1,
    fetchOffset: scan.nextOffset,
  }], {
    // Others wait for their answers on the same connection.
    maxWaitMs: 0,
    maxBytes: SCAN_BYTES,
    partitionMaxBytes: SCAN_BYTES,
    isolation: "read_uncommitted",
  });
  const frame = await broker.connection.send(request);
  const { partitions: [fetched], throttleTimeMs } = decodeFetch(version, frame);
  if (throttleTimeMs > 0) await delay(Math.min(throttleTimeMs, LONGEST_THROTTLE_MS), signal);
  if (fetched === undefined) {
    // Above a quota a broker answers without any partition (KIP-219).
    if (throttleTimeMs > 0) return undefined;
    throw new PositionError("the target's answer leaves the partition out");
  }
  if (fetched.errorCode === OFFSET_OUT_OF_RANGE) {
    await skipDeleted(broker, partition, scan);
    return undefined;
  }
  if (fetched.errorCode !== 0) throw unreadable(fetched.errorCode);
  try {
    scanBatches(frame, fetched, producer, scan);
  } catch (error) {
    if (!(error instanceof CorruptBatchError)) throw error;
    throw new PositionError(`the target's log cannot be read: ${error.reason}`);
  }
  return fetched.highWatermark;
}

function whyNothing(
  { nextOffset, records }: Scan,
  highWatermark: bigint,
  wanted: bigint | undefined,
): string {
  if (nextOffset < highWatermark) {
    return `the target gave no messages at offset ${nextOffset}, where it has some`;
  }
  if (wanted !== undefined) {
    return `the target has ${wanted} of our messages and shows ${records}: the rest is not replicated`;
  }
  return nextOffset === highWatermark
    ? "the target does not tell where its log ends"
    : `the target's log ends at offset ${highWatermark}, and had reached ${nextOffset}`;
}

/** Goes on where the log starts now: retention has deleted what the scan would have read. */
async function skipDeleted(
  broker: BrokerConnection,
  partition: TopicPartition,
  scan: Scan,
): Promise<void> {
  const found = (await listPartitionOffsets(broker, [partition])).values().next().value;
  if (found === undefined || "errorCode" in found) throw unreadable(found?.errorCode ?? -1);
  const { logStartOffset, highWatermark } = found.offsets;
  if (logStartOffset > scan.nextOffset) {
    scan.nextOffset = logStartOffset;
    scan.deleted = true;
  } else {
    throw new PositionError(
      `the target's log ends at offset ${highWatermark}, it has acknowledged messages up to before ${scan.nextOffset}: it was truncated or re-created`,
    );
  }
}

function unreadable(errorCode: number): Error {
  const error = formatKafkaError(errorCode);
  return kafkaError(errorCode).action === "fatal"
    ? new PositionError(`the target cannot be read: ${error}`)
    : new ProtocolError(`the target cannot be read now: ${error}`);
}

function scanBatches(
  { bytes, view }: Pick<ResponseFrame, "bytes" | "view">,
  { recordsStart, recordsEnd }: FetchedPartition,
  producer: PartitionProducer,
  scan: Scan,
): void {
  let position = recordsStart;
  while (position < recordsEnd) {
    const size = nextBatchSize(view, position, recordsEnd);
    if (size === 0) break;
    const last = lastOffset(view, position);
    if (batchMagic(view, position) === 2 && producerId(view, position) === producer.producerId) {
      // Compaction may have taken records out; the last offset delta still tells how many there were.
      const count = lastOffsetDelta(view, position) + 1;
      const epoch = producerEpoch(view, position);
      const sequence = baseSequence(view, position) + count;
      const records = recordsBeforeIn(producer, epoch, sequence, scan.records);
      if (records === undefined) {
        throw new PositionError(
          `the target holds messages of this migration with epoch ${epoch}, at offset ${last}, which the state file does not know: it is not the newest`,
        );
      }
      if (records <= scan.records) {
        throw new PositionError(
          `the target holds messages of this migration twice, at offset ${last} the second time`,
        );
      }
      scan.records = records;
      scan.lastEpoch = epoch;
      if (scan.contents !== undefined) {
        const { timestamps } = scan.contents;
        for (const digest of digestRecords(bytes, position, timestamps)) scan.held.push(digest);
      }
      const targetFirstOffset = scan.found.targetFirstOffset ?? last - BigInt(count - 1);
      scan.found = { records, targetOffset: last + 1n, targetFirstOffset };
    }
    scan.nextOffset = last + 1n;
    position += size;
  }
}
