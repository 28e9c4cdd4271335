// Findings: what blocks a migration, or what the operator should know before and after it. A finding is data; one
// table says what its code means for the run. This file prints nothing and does not decide the exit status.

/** What a code means: whether `accept` may turn its error into a warning, and how it changes the exit status. */
export interface FindingKind {
  readonly severity: Severity;
  /** Whether `accept` may turn the error into a recorded warning. */
  readonly overridable: boolean;
  /**
   * `blocks`: the run copies nothing and exits with 3, also in a check. `proves-nothing`: the source has nothing to
   * migrate, the run exits with 1, also in a check. `incomplete`: a migration exits with 1, a check does not. `none`: no
   * influence.
   */
  readonly effect: "blocks" | "proves-nothing" | "incomplete" | "none";
}

/** How grave a finding is. */
export type Severity = "error" | "warning";

const FATAL = { severity: "error", overridable: false, effect: "blocks" } as const;
const OVERRIDABLE = { severity: "error", overridable: true, effect: "blocks" } as const;
const EMPTY_HANDED = { severity: "error", overridable: false, effect: "proves-nothing" } as const;
const LEFT_BEHIND = { severity: "warning", overridable: false, effect: "incomplete" } as const;
const NOTICE = { severity: "warning", overridable: false, effect: "none" } as const;

/** Every code, with what it means for a run. */
export const FINDING_KINDS = {
  /** A broker that leads partitions of this run cannot be reached, or no bootstrap server can. */
  BROKER_UNREACHABLE: FATAL,
  /** The user lacks a permission the run needs. */
  NOT_AUTHORIZED: FATAL,
  /** Source and target are one cluster. */
  SAME_CLUSTER: FATAL,
  /** A topic with something to copy does not exist on the target. */
  TARGET_TOPIC_MISSING: FATAL,
  /** The target refuses to create a missing topic. */
  TARGET_TOPIC_REFUSED: FATAL,
  /** A topic has fewer partitions on the target than on the source. */
  FEWER_PARTITIONS: FATAL,
  /** A partition to be written already holds messages that this migration did not write. */
  TARGET_NOT_EMPTY: FATAL,
  /** A broker is too old for the protocol versions used. */
  UNSUPPORTED_BROKER: FATAL,
  /** A partition of this run has no leader, or its offsets could not be read. */
  PARTITION_OFFLINE: FATAL,
  /** A group's committed offsets could not be read: its backlog is unknown. */
  GROUP_UNREADABLE: FATAL,
  /** Messages are older than the target keeps. */
  RETENTION_WOULD_DELETE: OVERRIDABLE,
  /** Timestamps are further in the past or future than the target accepts. */
  TIMESTAMPS_REFUSED: OVERRIDABLE,
  /** The target is compacted and refuses messages without a key; the source is not. */
  COMPACTION_NEEDS_KEYS: OVERRIDABLE,
  /** A topic of the target keeps messages in a format of Kafka before 0.11. */
  OLD_MESSAGE_FORMAT: OVERRIDABLE,
  /** A share group on the target has the name of a group whose positions are to be carried over. */
  TARGET_SHARE_GROUP: OVERRIDABLE,
  /** `ranges` names a partition that the source does not have. */
  RANGE_PARTITION_MISSING: FATAL,
  /** The Connect cluster does not answer, or something else answers at its address. */
  CONNECT_UNREACHABLE: FATAL,
  /** The Connect cluster cannot copy exactly once, or cannot copy at all. */
  CONNECT_UNSUPPORTED: FATAL,
  /** MirrorMaker 2 would rename or filter the topic, or this program cannot check its copy. */
  CONNECT_TOPIC_REFUSED: FATAL,
  /** No group of the source has a committed offset that could be migrated. */
  NO_COMMITTED_OFFSETS: EMPTY_HANDED,
  /** The filters match no committed offset. */
  FILTER_MATCHED_NOTHING: EMPTY_HANDED,
  /** An open transaction prevents the end of a log from being copied. */
  OPEN_TRANSACTION: LEFT_BEHIND,
  /** Messages a group had not consumed yet were deleted by retention before the plan was made. */
  MESSAGES_EXPIRED: NOTICE,
  /** A topic has more partitions on the target than on the source. */
  MORE_PARTITIONS: NOTICE,
  /** A broker or bootstrap server does not answer, but nothing in this run needs it: others answer for the cluster. */
  BROKER_AWAY: NOTICE,
  /** A group still has members on the source. */
  GROUP_ACTIVE: NOTICE,
  /** A group whose positions are to be carried over has members on the target. */
  TARGET_GROUP_ACTIVE: NOTICE,
  /** On the target, a group has already committed a higher offset than the one that would be carried over. */
  TARGET_GROUP_AHEAD: NOTICE,
  /** A group's metadata text is longer than the target accepts: the position is committed without it. */
  METADATA_TOO_LONG: NOTICE,
  /** A group's metadata text refers to source offsets; the same messages have other offsets on the target. */
  METADATA_COUNTS_OFFSETS: NOTICE,
  /** A group's position is before the migrated range: the messages between the two were not copied. */
  POSITIONS_NOT_COPIED: NOTICE,
  /** The target holds messages of others before the positions that groups will get there. */
  POSITIONS_BEHIND_OTHERS: NOTICE,
  /** The source has deleted messages that an unfinished migration still had to copy. */
  UNFINISHED_RANGE_GONE: NOTICE,
  /** Others have written to partitions of the target since this migration was planned. */
  TARGET_WRITTEN_BY_OTHERS: NOTICE,
  /** `--verify` by count could not reach the source, so it did not check that this cluster is the migrated one. */
  SOURCE_NOT_ASKED: NOTICE,
  /** Producers are still writing to the source. */
  SOURCE_STILL_WRITTEN: NOTICE,
  /** A broker sets the timestamps. */
  LOG_APPEND_TIME: NOTICE,
  /** Messages are copied only because of the `uncommitted` rule. */
  UNCOMMITTED_COUNTED: NOTICE,
  /** A committed offset is beyond the end of its log. */
  OFFSET_BEYOND_END: NOTICE,
  /** A pattern of a filter matches no name on the source. */
  PATTERN_MATCHED_NOTHING: NOTICE,
  /** A range ends beyond the end of its log. */
  RANGE_BEYOND_END: NOTICE,
  /** The topic filter excludes a range. */
  RANGE_FILTERED_OUT: NOTICE,
  /** The target accepts only smaller batches than the source. */
  MAX_MESSAGE_BYTES_LOWER: NOTICE,
  /** The target does not support zstd: zstd batches are re-encoded. */
  ZSTD_REENCODED: NOTICE,
  /** The target does not report which settings new topics will have. */
  TOPIC_CONFIG_UNKNOWN: NOTICE,
  /** No group reads the topic. */
  TOPIC_WITHOUT_GROUP: NOTICE,
  /** A topic will be created on the target without some of the source's settings. */
  TOPIC_CONFIG_LEFT_OUT: NOTICE,
  /** A topic setting differs between the clusters. */
  CONFIG_DIFFERS: NOTICE,
  /** The source's brokers cannot confirm that every group was listed. */
  GROUPS_MAY_BE_MISSED: NOTICE,
  /** Offsets are committed for topics or partitions that do not exist. */
  OFFSETS_OF_MISSING_TOPIC: NOTICE,
  /** A share group: Kafka keeps its state elsewhere, and it is not carried over. */
  SHARE_GROUP: NOTICE,
  /** Offsets are committed on topics whose names begin with `__`, which are never migrated. */
  INTERNAL_TOPIC: NOTICE,
  /** The user may lack the permission to see every group of the source. */
  GROUPS_MAY_BE_HIDDEN: NOTICE,
  /** `verifyHostname: false` is set. */
  HOSTNAME_NOT_VERIFIED: NOTICE,
  /** The config holds a secret, and other users of this machine may read the file. */
  SECRET_READABLE: NOTICE,
  /** A secret is sent over the network unencrypted. */
  SECRET_UNENCRYPTED: NOTICE,
} as const satisfies Record<string, FindingKind>;

/** The code of a finding. */
export type FindingCode = keyof typeof FINDING_KINDS;

/** The codes that `accept` may name. */
export const OVERRIDABLE_CODES: readonly FindingCode[] =
  (Object.keys(FINDING_KINDS) as FindingCode[])
    .filter((code) => FINDING_KINDS[code].overridable);

/** What a finding is about; a part that does not apply is absent. */
export interface FindingPlace {
  readonly cluster?: "source" | "target";
  /** The address that the broker advertises, or that the config names. */
  readonly broker?: string;
  readonly topic?: string;
  /** Present where one finding covers several topics. */
  readonly topics?: readonly string[];
  readonly partitions?: readonly number[];
  readonly groups?: readonly string[];
}

/** One thing found. */
export interface Finding {
  readonly code: FindingCode;
  /** The severity from the table, or `warning` where `accept` or another setting lowered an error. */
  readonly severity: Severity;
  readonly overridable: boolean;
  readonly where: FindingPlace;
  /** One sentence without a full stop; names in it are escaped. */
  readonly message: string;
  /** What to do about it, in the same form. */
  readonly remedy: string;
  /** Present where `accept` named the code and so turned the error into a warning. */
  readonly accepted?: true;
}

/** A finding with the severity its code has. */
export function finding(
  code: FindingCode,
  where: FindingPlace,
  message: string,
  remedy: string,
): Finding {
  const { severity, overridable } = FINDING_KINDS[code];
  return { code, severity, overridable, where, message, remedy };
}

/** Turns every overridable error whose code `accept` names into a warning that is recorded as accepted. */
export function applyAccept(
  findings: readonly Finding[],
  accept: readonly string[],
): readonly Finding[] {
  return findings.map((found) =>
    found.severity === "error" && found.overridable && accept.includes(found.code)
      ? { ...found, severity: "warning", accepted: true }
      : found
  );
}
