// The table of failures: every code that a partition or a group's position can fail with, what it means and what to do
// about it. docs/failures.md shows the same table.

/** What a code stands for. Both are sentences without a full stop. */
export interface FailureKind {
  readonly meaning: string;
  /** What to do next. */
  readonly remedy: string;
}

const AGAIN = "run the same command again";
const MENDED = `When that is mended, ${AGAIN}`;
const START_OVER =
  "To start over, empty the topic on the target and delete the state file; to go on without it, leave it out in another config file";
const OTHERS =
  `Find out who else writes to the topic on the target or deletes from it. ${START_OVER}`;
const REPLICA = `Where another replica has it whole, make that the leader, then ${AGAIN}`;
const LARGER = `Raise max.message.bytes of the topic on the target, then ${AGAIN}`;
const WORKERS = `Correct what Connect and the logs of its workers say, then ${AGAIN}`;
const ONCE_MORE = `To try the partition once more, ${AGAIN}`;

/** Every code there is. */
export const FAILURE_KINDS = {
  BROKER_UNREACHABLE: {
    meaning:
      "A broker did not answer, or kept closing the connection, for as long as the run waits",
    remedy: MENDED,
  },
  ANSWER_UNUSABLE: {
    meaning: "A broker kept giving answers that could not be read or used",
    remedy: MENDED,
  },
  TLS_REFUSED: {
    meaning: "The TLS handshake with a broker failed",
    remedy:
      `Correct tls under source or target in the config, or the broker's certificate, then ${AGAIN}`,
  },
  LOGIN_REFUSED: {
    meaning: "A broker refused the login, or no token could be had for it",
    remedy: `Correct sasl under source or target in the config, then ${AGAIN}`,
  },
  CLUSTER_DIFFERS: {
    meaning: "A broker that answers belongs to another cluster",
    remedy: `Correct bootstrapServers or addresses in the config, then ${AGAIN}`,
  },
  BROKER_TOO_OLD: {
    meaning: "A broker is too old for the requests that a copy needs",
    remedy: `Upgrade the broker, then ${AGAIN}`,
  },
  NOT_AUTHORIZED: {
    meaning: "The user lacks a permission",
    remedy: `Grant what is missing (docs/permissions.md), then ${AGAIN}`,
  },
  SOURCE_REFUSED: {
    meaning: "A broker of the source refused a request for good",
    remedy: `Correct what the source's broker says (its own log says more), then ${AGAIN}`,
  },
  TARGET_REFUSED: {
    meaning: "A broker of the target refused a request or a message for good",
    remedy: `Correct what the target's broker says (its own log says more), then ${AGAIN}`,
  },
  PARTITION_UNAVAILABLE: {
    meaning:
      "A partition or a coordinator had no leader, gave errors that pass, or gave nothing where there is something, for as long as the run waits",
    remedy: MENDED,
  },
  LOG_ENDS_EARLY: {
    meaning:
      "A log ends before an offset that it has reached already, for as long as the run waits",
    remedy: MENDED,
  },
  TRANSACTION_OPEN: {
    meaning: "A transaction that is still open holds back what was to be read",
    remedy: `When the transaction has ended, ${AGAIN}`,
  },
  BATCH_DAMAGED: {
    meaning: "A batch is damaged in the log, or arrived damaged each time it was read",
    remedy: REPLICA,
  },
  TRANSACTION_UNCLEAR: {
    meaning:
      "The source's log and its list of aborted transactions contradict each other, so that it is not known which messages count",
    remedy: REPLICA,
  },
  CONTENT_TOO_LARGE: {
    meaning: "The compressed content of a batch opens to more than is ever opened",
    remedy: "Copy these messages by other means; the rest of the partition waits",
  },
  RECORD_TOO_LARGE: {
    meaning: "A single message needs a larger batch than the topic on the target takes",
    remedy: LARGER,
  },
  BATCH_TOO_LARGE: {
    meaning: "The target's broker refused a batch as too large",
    remedy: LARGER,
  },
  SOURCE_TRUNCATED: {
    meaning:
      "The source's log no longer reaches what was to be read: it was truncated or re-created",
    remedy: START_OVER,
  },
  TARGET_TRUNCATED: {
    meaning: "The target's log lacks what it has acknowledged: it was truncated or re-created",
    remedy: START_OVER,
  },
  STATE_FILE_OLDER: {
    meaning: "The target holds messages of this migration that the state file does not know of",
    remedy: `Put the newest state file of this migration back, then ${AGAIN}. ${START_OVER}`,
  },
  STATE_FILE_OF_OTHERS: {
    meaning:
      "The message where the state file says that the copy stands is not one of this migration: the state file belongs to something else",
    remedy: `Put the state file of this migration back, then ${AGAIN}. ${START_OVER}`,
  },
  TOPIC_RECREATED: {
    meaning: "The topic was deleted and re-created since the plan was made",
    remedy: START_OVER,
  },
  TOPIC_GONE: { meaning: "The topic no longer exists", remedy: START_OVER },
  PARTITIONS_CHANGED: {
    meaning: "The topic has got another number of partitions since the plan was made",
    remedy: START_OVER,
  },
  TOPIC_UNUSABLE: { meaning: "The cluster refuses the use of the topic", remedy: MENDED },
  EXPIRED_UNREAD: {
    meaning: "Messages expired on the source before they were read",
    remedy:
      "Nothing brings them back; raise retention.ms of the topic on the source before more of it expires",
  },
  STORED_NOT_KNOWN_YET: {
    meaning:
      "The source lost messages while it was being found out which of them the target holds already",
    remedy: `To find it out, ${AGAIN}`,
  },
  STORED_UNCLEAR: {
    meaning:
      "The source lost messages of an unfinished copy, and it cannot be told any more which of the others the target holds",
    remedy: START_OVER,
  },
  SEQUENCE_UNKNOWN: {
    meaning: "The target knows other sequences of this migration than those that were sent",
    remedy: OTHERS,
  },
  TARGET_HOLDS_TWICE: {
    meaning: "The target holds a message of this migration twice",
    remedy: OTHERS,
  },
  TARGET_HOLDS_MORE: {
    meaning: "The target holds messages of this migration that the source's range does not",
    remedy: OTHERS,
  },
  TARGET_HOLDS_LESS: {
    meaning: "The target's log does not span what the target has acknowledged",
    remedy: OTHERS,
  },
  TARGET_DELETED: {
    meaning: "The target has deleted messages of this migration already",
    remedy: `Raise retention.ms and retention.bytes of the topic on the target. ${START_OVER}`,
  },
  MESSAGE_MISSING: {
    meaning: "A message of the source is missing on the target",
    remedy: OTHERS,
  },
  MESSAGE_DIFFERS: {
    meaning: "A message differs between source and target",
    remedy: OTHERS,
  },
  BOTH_COMPACTED: {
    meaning:
      "The contents differ and both topics are compacted, so that what the source has lost since cannot be told from what is wrong",
    remedy: "Verify these topics by count (verify: count)",
  },
  LOG_EXPIRED: {
    meaning: "Messages that were to be compared have expired since",
    remedy: "Verify by count (verify: count): what has expired cannot be compared any more",
  },
  OLD_FORMAT: {
    meaning: "The target stores messages in an old format, which does not tell whose they are",
    remedy: "Verify by count (verify: count)",
  },
  NOT_COMPARED: {
    meaning: "The contents were not compared, since a cluster did not answer",
    remedy: MENDED,
  },
  NOT_COPIED: {
    meaning: "Nothing of the partition has been copied",
    remedy: `To copy it, ${AGAIN}, with --migrate`,
  },
  READ_INCOMPLETE: {
    meaning: "Not all of the range has been read",
    remedy: `To copy the rest, ${AGAIN}, with --migrate`,
  },
  NOTHING_READ: {
    meaning: "Nothing was read of a range that has offsets, which proves nothing",
    remedy: ONCE_MORE,
  },
  COUNTS_DIFFER: {
    meaning: "As many messages as were read from the source are not as many as the target has",
    remedy: ONCE_MORE,
  },
  PLACE_UNKNOWN: {
    meaning: "It is not known where on the target the messages lie",
    remedy: ONCE_MORE,
  },
  PARTITION_NOT_VERIFIED: {
    meaning: "A group's position was left, since its partition is not migrated or not verified",
    remedy: `Do what stands beside the partition, then ${AGAIN}`,
  },
  PARTITION_MISSING: {
    meaning: "A group's position was left, since its partition does not exist on the target",
    remedy: `Add it there, then ${AGAIN}`,
  },
  POSITION_NOT_COPIED: {
    meaning: "A group stands before what was migrated",
    remedy: `Let the group consume these messages on the source, then ${AGAIN}`,
  },
  POSITION_LOST: {
    meaning:
      "A group's position cannot be counted off any more, since messages that it takes have expired",
    remedy: "Set it by hand, by time for one: kafka-consumer-groups.sh --reset-offsets",
  },
  GROUP_MOVED: {
    meaning: "A group has moved on the source since the plan was made",
    remedy: `Stop its consumers, then ${AGAIN}`,
  },
  GROUP_GONE: {
    meaning: "A position was planned for, and no group has one there any more",
    remedy: `If there should be one, ${AGAIN}`,
  },
  TARGET_GROUP_ACTIVE: {
    meaning: "A group has members on the target, which keep it from being moved",
    remedy: `Stop its consumers there, then ${AGAIN}`,
  },
  TARGET_SHARE_GROUP: {
    meaning:
      "A share group of the same name on the target keeps a group's positions from being committed",
    remedy: `Delete the share group there (kafka-share-groups.sh --delete), then ${AGAIN}`,
  },
  GROUP_UNREADABLE: {
    meaning: "A group's committed offsets could not be read",
    remedy: MENDED,
  },
  COMMITTED_BY_OTHERS: {
    meaning: "Somebody else has committed for the group on the target",
    remedy: `Find out who commits for the group on the target, then ${AGAIN}`,
  },
  CONNECT_FAILED: {
    meaning: "The Connect cluster did not answer, or refused what was asked",
    remedy: WORKERS,
  },
  CONNECTOR_FAILED: {
    meaning:
      "The connector or a task of it kept failing, or copied nothing for as long as the run waits",
    remedy: WORKERS,
  },
  CONNECTOR_GONE: {
    meaning: "The connector is gone from the Connect cluster",
    remedy: `Find out who has removed it, then ${AGAIN}`,
  },
  CONNECTOR_MOVED: {
    meaning: "Somebody has changed the connector's offsets: to go on would copy messages twice",
    remedy: START_OVER,
  },
  CONNECTOR_INCOMPLETE: {
    meaning: "The connector did not copy all of the partition",
    remedy: `To copy the rest, ${AGAIN}`,
  },
  COPY_NOT_COUNTED: {
    meaning: "What the connector has copied expired before it was counted",
    remedy: `Raise retention.ms of the topic on both clusters. ${START_OVER}`,
  },
  EARLIER_FAILURE: {
    meaning: "A failure of an earlier run whose journal names no code that this program knows",
    remedy: ONCE_MORE,
  },
} as const satisfies Record<string, FailureKind>;

/** The code of a failure. */
export type FailureCode = keyof typeof FAILURE_KINDS;
