// Finds out how far an earlier process got on the target, which its journal may not have had time to note. The leader
// remembers the last sequence of our producer id, and that tells the number of records copied. Reading the target
// forward from the last journaled offset finds the same records below the high watermark, where no failure can take
// them back. The answer may be outdated as soon as it is found: going on is safe since every produce carries its
// sequence.

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
import { type Failure, failure, refusal } from "../model/failure.ts";
import { formatKafkaError, KAFKA_ERRORS, kafkaError } from "../model/kafka_error.ts";
import {
  type EpochStart,
  newestEpoch,
  type PartitionProducer,
  recordsBeforeIn,
} from "../model/sequence.ts";
import { formatTopicPartition, type TopicPartition } from "../model/topic_partition.ts";
import { delay } from "../waiting/delay.ts";
import { listEndOffsets, listPartitionOffsets } from "../kafka/partition_offsets.ts";
import { fetchLastSequences } from "../kafka/producer_state.ts";
import { speaks } from "../wire/api_version.ts";
import type { BrokerConnection } from "../wire/broker_connection.ts";
import type { ResponseFrame } from "../protocol/frame.ts";
import { ProtocolError } from "../protocol/protocol_reader.ts";
import type { FetchedPartition } from "../protocol/fetch.ts";
import { digestRecords } from "./held_records.ts";
import { fetchFrom, type KnownPosition, whyNotOurs } from "./known_position.ts";
import { LONGEST_THROTTLE_MS } from "../wire/peer_error.ts";
import {
  type CompareContents,
  type FoundPosition,
  type LookOptions,
  PositionError,
  type TargetPosition,
} from "./target_position.ts";

/**
 * How long records that the leader has may take to be replicated (KIP-207), or to come from tiered storage (KIP-405).
 */
const PATIENCE_MS = 60_000;
const SETTLE_INTERVAL_MS = 500;

/**
 * Finds the position of one partition.
 *
 * @param broker the partition's leader on the target, on a connection that the copy does not produce over
 * @param from a position known for certain: the journal's
 * @throws {ConnectionError | ProtocolError | PositionError}
 */
export async function findPosition(
  broker: BrokerConnection,
  partition: TopicPartition,
  producer: PartitionProducer,
  from: KnownPosition,
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
    const text = `the target holds ${
      from.records - records
    } of our messages less than it has acknowledged: it was truncated or re-created`;
    throw new PositionError(failure("TARGET_TRUNCATED", text));
  }
  // Where the leader does not know our producer id, the journal may belong to another migration.
  if (records === undefined && from.endsWithOurs) {
    const problem = await whyNotOurs(broker, partition, producer, from);
    if (problem !== undefined) {
      throw new PositionError(failure("STATE_FILE_OF_OTHERS", problem));
    }
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
    // The records from before the epoch have to be there still, unless they were deleted.
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

/** The position that a scan to the log's end has found, and what it says about the newest epoch. */
function foundIn(epoch: EpochStart, { found, lastEpoch }: Scan): FoundPosition {
  if (found.records >= epoch.records) {
    const isVoid = lastEpoch !== undefined && lastEpoch !== epoch.producerEpoch &&
      found.records > epoch.records;
    return isVoid ? { ...found, epochIsVoid: true } : found;
  }
  // Records that were there when the epoch began have been deleted since; they count all the same.
  const { producerEpoch: _, ...known } = epoch;
  return { ...known, ...found, records: epoch.records, targetOffset: epoch.targetOffset };
}

/** The last sequence, as the leader remembers it; undefined where it remembers none, or may not tell us. */
async function lastSequence(
  broker: BrokerConnection,
  partition: TopicPartition,
  producerId: bigint,
  { producerEpoch }: EpochStart,
): Promise<number | undefined> {
  const told = await fetchLastSequences(broker, [partition], { producerId, producerEpoch });
  const last = told.get(formatTopicPartition(partition));
  if (last === undefined || "sequence" in last) return last?.sequence;
  // Without permission to ask, reading the log finds the position. A passing error, however, must not count as an
  // answer.
  if (kafkaError(last.errorCode).action === "fatal") return undefined;
  throw new ProtocolError(`the target cannot be asked now: ${formatKafkaError(last.errorCode)}`);
}

/**
 * Whether the leader confirms that the log ends at an offset. Its high watermark may lag when it has just been elected;
 * then it tells no end offset (KIP-207).
 */
async function endsAt(
  broker: BrokerConnection,
  partition: TopicPartition,
  offset: bigint,
): Promise<boolean> {
  const ends = await listEndOffsets(broker, [partition]);
  return ends.get(formatTopicPartition(partition)) === offset;
}

/** How far reading the target's log has come. */
interface Scan {
  records: bigint;
  nextOffset: bigint;
  found: TargetPosition;
  readonly contents: CompareContents | undefined;
  readonly held: string[];
  /** The epoch of the last batch of ours that was read. */
  lastEpoch: number | undefined;
  /** Whether some of the records to be read have been deleted. */
  deleted: boolean;
}

/** Reads on with one Fetch. @returns the high watermark; undefined where nothing could be read now */
async function scanOnce(
  broker: BrokerConnection,
  partition: TopicPartition,
  producer: PartitionProducer,
  scan: Scan,
  signal: AbortSignal,
): Promise<bigint | undefined> {
  const { frame, partitions: [fetched], throttleTimeMs } = await fetchFrom(
    broker,
    partition,
    scan.nextOffset,
  );
  if (throttleTimeMs > 0) await delay(Math.min(throttleTimeMs, LONGEST_THROTTLE_MS), signal);
  if (fetched === undefined) {
    // Above a quota a broker answers without any partition (KIP-219).
    if (throttleTimeMs > 0) return undefined;
    throw new PositionError(
      failure("ANSWER_UNUSABLE", "the target's answer leaves the partition out"),
    );
  }
  if (fetched.errorCode === KAFKA_ERRORS.OFFSET_OUT_OF_RANGE) {
    await skipDeleted(broker, partition, scan);
    return undefined;
  }
  if (fetched.errorCode !== 0) throw unreadable(fetched.errorCode);
  try {
    scanBatches(frame, fetched, producer, scan);
  } catch (error) {
    if (!(error instanceof CorruptBatchError)) throw error;
    const text = `the target's log cannot be read: ${error.reason}`;
    throw new PositionError(failure("BATCH_DAMAGED", text));
  }
  return fetched.highWatermark;
}

function whyNothing(
  { nextOffset, records }: Scan,
  highWatermark: bigint,
  wanted: bigint | undefined,
): Failure {
  if (nextOffset < highWatermark) {
    const text = `the target gave no messages at offset ${nextOffset}, where it has some`;
    return failure("PARTITION_UNAVAILABLE", text);
  }
  if (wanted !== undefined) {
    const text =
      `the target has ${wanted} of our messages and shows ${records}: the rest is not replicated`;
    return failure("PARTITION_UNAVAILABLE", text);
  }
  return nextOffset === highWatermark
    ? failure("PARTITION_UNAVAILABLE", "the target does not tell where its log ends")
    : failure(
      "LOG_ENDS_EARLY",
      `the target's log ends at offset ${highWatermark}, and had reached ${nextOffset}`,
    );
}

/** Goes on where the log starts now: retention has deleted the records that the scan would have read. */
async function skipDeleted(
  broker: BrokerConnection,
  partition: TopicPartition,
  scan: Scan,
): Promise<void> {
  const found = (await listPartitionOffsets(broker, [partition])).values().next().value;
  if (found === undefined || "errorCode" in found) {
    throw unreadable(found?.errorCode ?? KAFKA_ERRORS.UNKNOWN_SERVER_ERROR);
  }
  const { logStartOffset, highWatermark } = found.offsets;
  if (logStartOffset > scan.nextOffset) {
    scan.nextOffset = logStartOffset;
    scan.deleted = true;
  } else {
    const text =
      `the target's log ends at offset ${highWatermark}, it has acknowledged messages up to before ${scan.nextOffset}: it was truncated or re-created`;
    throw new PositionError(failure("TARGET_TRUNCATED", text));
  }
}

function unreadable(errorCode: number): Error {
  const error = formatKafkaError(errorCode);
  return kafkaError(errorCode).action === "fatal"
    ? new PositionError(
      failure(refusal("target", errorCode), `the target cannot be read: ${error}`),
    )
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
      // Compaction may have removed records; the last offset delta still tells how many there were.
      const count = lastOffsetDelta(view, position) + 1;
      const epoch = producerEpoch(view, position);
      const sequence = baseSequence(view, position) + count;
      const records = recordsBeforeIn(producer, epoch, sequence, scan.records);
      if (records === undefined) {
        const text =
          `the target holds messages of this migration with epoch ${epoch}, at offset ${last}, which the state file does not know: it is not the newest`;
        throw new PositionError(failure("STATE_FILE_OLDER", text));
      }
      if (records <= scan.records) {
        const text =
          `the target holds messages of this migration twice, at offset ${last} the second time`;
        throw new PositionError(failure("TARGET_HOLDS_TWICE", text));
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
