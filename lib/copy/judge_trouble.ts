// Decides what trouble means for a partition: it fails, is read again, finds its position on the target again, or is
// tried again later. The error code decides (lib/model/kafka_error.ts), never the text. Pure.

import { crcMatches } from "../batch/check.ts";
import { viewed } from "../codec/copy_back.ts";
import { type Failure, failure, refusal } from "../model/failure.ts";
import type { FailureCode } from "../model/failure_kinds.ts";
import { formatKafkaError, KAFKA_ERRORS, kafkaError } from "../model/kafka_error.ts";
import { formatTopicPartition } from "../model/topic_partition.ts";
import { ConnectionError } from "../wire/connection_error.ts";
import type { Trouble } from "./lane.ts";
import { peerFailure, peerFailureCode } from "./peer_failure.ts";
import type { PartitionCopy } from "./partition_copy.ts";
import type { ProduceBatch } from "./produce_queue.ts";

/** What follows from trouble. */
export type Judgement =
  /** Nothing more can be done for the partition. */
  | { readonly kind: "final"; readonly failure: Failure }
  /** The batch read at this source offset is damaged: read it again. */
  | { readonly kind: "refetch"; readonly offset: bigint; readonly failure: Failure }
  /** The target expects another sequence: find out how far we got, and go on from there. */
  | {
    readonly kind: "reposition";
    readonly failure: Failure;
    /** Whether the target has forgotten our producer id: then we can go on only with an epoch it has never seen. */
    readonly forgotten: boolean;
  }
  /** Try again after a while. */
  | {
    readonly kind: "retry";
    /** Whether to look for the leader first. */
    readonly refresh: boolean;
    /** What the partition fails with when it has been tried in vain for too long. */
    readonly code: FailureCode;
    /** Who is in trouble, and how: `source broker 2 (10.0.0.2:9092)`, `unreachable (connection refused)`. */
    readonly subject: string;
    readonly state: string;
    /** Milliseconds after which to give up, where that is sooner than usual. */
    readonly patienceMs?: number;
  };

/** A log may end early for a moment after an election; one that does so for longer was truncated. */
const BEHIND_PATIENCE_MS = 30_000;
/** The target expects another sequence than our next one, remembers none, or has a higher epoch in its log. */
const SEQUENCE_ERRORS: readonly number[] = [
  KAFKA_ERRORS.OUT_OF_ORDER_SEQUENCE_NUMBER,
  KAFKA_ERRORS.DUPLICATE_SEQUENCE_NUMBER,
  KAFKA_ERRORS.INVALID_PRODUCER_EPOCH,
  KAFKA_ERRORS.UNKNOWN_PRODUCER_ID,
];

/** Judges a partition's trouble. @param broker whom the lane talks to: `source broker 2 (10.0.0.2:9092)` */
export function judgeTrouble(
  partition: PartitionCopy,
  trouble: Trouble,
  role: "source" | "target",
  broker: string,
): Judgement {
  const subject = `${role} partition ${formatTopicPartition(partition)}`;
  switch (trouble.kind) {
    case "connection": {
      const { error } = trouble;
      const byBroker = error instanceof ConnectionError;
      if (byBroker && !error.passing) return { kind: "final", failure: peerFailure(error) };
      return {
        kind: "retry",
        refresh: true,
        code: peerFailureCode(error),
        subject: broker,
        state: `unreachable (${byBroker ? error.reason : error.message})`,
      };
    }
    case "damaged": {
      if (partition.damagedOnArrival()) {
        return {
          kind: "retry",
          refresh: false,
          code: "BATCH_DAMAGED",
          subject,
          state: `gave damaged bytes (${trouble.reason})`,
        };
      }
      return {
        kind: "final",
        failure: failure(
          "BATCH_DAMAGED",
          `the batch at source offset ${partition.nextFetchOffset} is damaged: ${trouble.reason}`,
        ),
      };
    }
    case "behind": {
      const state =
        `ends at offset ${trouble.readable}, before the planned end ${partition.endOffset}`;
      return {
        ...{ kind: "retry", refresh: true, code: "LOG_ENDS_EARLY" },
        ...{ subject, state, patienceMs: BEHIND_PATIENCE_MS },
      };
    }
    case "nothing": {
      const state = `gave no messages at offset ${partition.nextFetchOffset}, where it has some`;
      return { kind: "retry", refresh: true, code: "PARTITION_UNAVAILABLE", subject, state };
    }
    case "code":
      return judgeCode(partition, trouble, role, subject);
  }
}

function isDamaged(bytes: Uint8Array): boolean {
  return !crcMatches(viewed(bytes).view, 0, bytes.length);
}

function judgeCode(
  partition: PartitionCopy,
  trouble: Extract<Trouble, { kind: "code" }>,
  role: "source" | "target",
  subject: string,
): Judgement {
  const { code } = trouble;
  // The queue's batches are sent to the target, so only an answer of the target can be about the oldest of them.
  const oldest = role === "target" ? partition.queue.oldest : undefined;
  if (code === KAFKA_ERRORS.CORRUPT_MESSAGE && oldest !== undefined && isDamaged(oldest.bytes)) {
    const offset = oldest.firstSourceOffset;
    const text =
      `the batch at source offset ${offset} is damaged: its CRC-32C does not match its content`;
    return { kind: "refetch", offset, failure: failure("BATCH_DAMAGED", text) };
  }
  if (role === "target" && SEQUENCE_ERRORS.includes(code)) {
    // Brokers before 2.5 refuse every sequence but 0 of a producer id that they do not know (any more).
    const forgotten = code === KAFKA_ERRORS.UNKNOWN_PRODUCER_ID;
    const what = forgotten ? "has forgotten the producer id" : "knows another sequence";
    const text = `the target ${what}${at(oldest)}: ${formatKafkaError(code)}`;
    return { kind: "reposition", failure: failure("SEQUENCE_UNKNOWN", text), forgotten };
  }
  const { action } = kafkaError(code);
  if (action !== "fatal") {
    const state = `not available (${formatKafkaError(code)})`;
    const refresh = action === "refresh";
    return { kind: "retry", refresh, code: "PARTITION_UNAVAILABLE", subject, state };
  }
  const said = trouble.message ? ` (${trouble.message.replace(/\.$/, "")})` : "";
  const size = code === KAFKA_ERRORS.MESSAGE_TOO_LARGE && oldest
    ? ` of ${oldest.bytes.length} bytes`
    : "";
  const what = recordAt(oldest, trouble.recordIndex);
  return {
    kind: "final",
    failure: failure(
      refusal(role, code),
      `the ${role} refused ${what}${size}: ${formatKafkaError(code)}${said}`,
    ),
  };
}

/** Names the record that the broker points at, by its source offset where that can be told; else its batch. */
function recordAt(batch: ProduceBatch | undefined, index: number | undefined): string {
  if (batch === undefined) return "the request";
  const contiguous = batch.nextSourceOffset - batch.firstSourceOffset === BigInt(batch.recordCount);
  if (index === undefined) return `the batch at source offset ${batch.firstSourceOffset}`;
  return contiguous
    ? `the message at source offset ${batch.firstSourceOffset + BigInt(index)}`
    : `message ${index + 1} of the batch at source offset ${batch.firstSourceOffset}`;
}

function at(batch: ProduceBatch | undefined): string {
  return batch === undefined ? "" : ` at source offset ${batch.firstSourceOffset}`;
}
