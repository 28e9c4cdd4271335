// Checks the target position that the journal gives for a partition against the message that is there: where the leader
// does not remember our producer id, the journal may belong to another migration.

import { CorruptBatchError } from "../batch/corrupt_batch_error.ts";
import {
  baseOffset,
  baseSequence,
  batchMagic,
  lastOffset,
  lastOffsetDelta,
  nextBatchSize,
  producerEpoch,
  producerId,
} from "../batch/record_batch.ts";
import { type PartitionProducer, recordsBeforeIn } from "../model/sequence.ts";
import type { TopicPartition } from "../model/topic_partition.ts";
import type { BrokerConnection } from "../wire/broker_connection.ts";
import { requireVersion } from "../wire/api_version.ts";
import { decodeFetch, encodeFetch } from "../protocol/fetch.ts";
import type { TargetPosition } from "./target_position.ts";

/** The target position that a journal gives for a partition. */
export interface KnownPosition extends TargetPosition {
  /**
   * Whether the message before it is ours, not somebody else's that the plan found there: only then can it be checked.
   */
  readonly endsWithOurs?: boolean;
}

const FETCH_BYTES = 4 * 1024 * 1024;

/**
 * Checks whether the message before a position is the one that the journal says it is. A message that cannot be read,
 * or is gone, proves nothing.
 *
 * @returns a sentence that says why it is another message; undefined where nothing speaks against it
 */
export async function whyNotOurs(
  broker: BrokerConnection,
  partition: TopicPartition,
  producer: PartitionProducer,
  { records, targetOffset }: TargetPosition,
): Promise<string | undefined> {
  const offset = targetOffset - 1n;
  const { frame: { view }, partitions: [fetched] } = await fetchFrom(broker, partition, offset);
  if (fetched === undefined || fetched.errorCode !== 0) return undefined;
  const { recordsStart: position, recordsEnd } = fetched;
  if (!holdsBatch(view, position, recordsEnd) || baseOffset(view, position) > offset) {
    return undefined;
  }
  const last = lastOffset(view, position);
  const sequence = baseSequence(view, position) + lastOffsetDelta(view, position) + 1;
  const before = recordsBeforeIn(producer, producerEpoch(view, position), sequence, records);
  const isOurs = producerId(view, position) === producer.producerId && before !== undefined &&
    before - (last - offset) === records;
  if (isOurs) return undefined;
  return `the target's message at offset ${offset} is not number ${records} of this migration, as the state file says: it is not the state file of what is on the target`;
}

/** Whether a whole batch of magic 2 is at the position. */
function holdsBatch(view: DataView, position: number, end: number): boolean {
  try {
    return position < end && nextBatchSize(view, position, end) > 0 &&
      batchMagic(view, position) === 2;
  } catch (error) {
    if (error instanceof CorruptBatchError) return false;
    throw error;
  }
}

/** Fetches from the target, beginning at an offset. @throws {ConnectionError | ProtocolError} */
export async function fetchFrom(
  broker: BrokerConnection,
  partition: TopicPartition,
  fetchOffset: bigint,
) {
  const version = requireVersion(broker, "Fetch");
  const request = encodeFetch(version, [{ ...partition, leaderEpoch: -1, fetchOffset }], {
    // Other requests wait for their answers on the same connection.
    maxWaitMs: 0,
    maxBytes: FETCH_BYTES,
    partitionMaxBytes: FETCH_BYTES,
    isolation: "read_uncommitted",
  });
  const frame = await broker.connection.send(request);
  return { frame, ...decodeFetch(version, frame) };
}
