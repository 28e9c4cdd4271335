// Findings: what stands in the way of a migration, or is worth knowing before and after it. A finding is data;
// what its code means for the run stands in one table. Nothing here prints or decides the exit status.

/** What an error finding may still be turned into, and what a finding does to the exit status. */
export interface FindingKind {
  readonly severity: Severity;
  /** Whether `accept` may turn the error into a recorded warning. */
  readonly overridable: boolean;
  /**
   * `blocks`: nothing is copied, exit 3, in a check too. `proves-nothing`: there is nothing to look at, exit 1, in a
   * check too. `incomplete`: a migration ends with exit 1, a check does not. `none`: no influence.
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

/** Every code there is, with what it means for a run. */
export const FINDING_KINDS = {
  /** A broker of either cluster that can't be reached, and leads what is concerned; or all bootstrap servers. */
  BROKER_UNREACHABLE: FATAL,
  /** The user lacks a permission the run needs. */
  NOT_AUTHORIZED: FATAL,
  /** Source and target are one cluster. */
  SAME_CLUSTER: FATAL,
  /** A topic with something to copy does not exist on the target. */
  TARGET_TOPIC_MISSING: FATAL,
  /** A missing topic that the target refuses to create. */
  TARGET_TOPIC_REFUSED: FATAL,
  /** A topic has fewer partitions on the target than on the source. */
  FEWER_PARTITIONS: FATAL,
  /** A partition to be written already holds messages that are not ours. */
  TARGET_NOT_EMPTY: FATAL,
  /** A broker too old for the protocol versions used. */
  UNSUPPORTED_BROKER: FATAL,
  /** A partition that is concerned has no leader, or its offsets could not be read. */
  PARTITION_OFFLINE: FATAL,
  /** A group's committed offsets could not be read: its backlog is unknown. */
  GROUP_UNREADABLE: FATAL,
  /** Messages are older than the target keeps. */
  RETENTION_WOULD_DELETE: OVERRIDABLE,
  /** Timestamps lie further behind or ahead than the target takes. */
  TIMESTAMPS_REFUSED: OVERRIDABLE,
  /** The target is compacted and refuses messages without a key; the source is not. */
  COMPACTION_NEEDS_KEYS: OVERRIDABLE,
  /** A topic of the target keeps messages in a format of Kafka before 0.11. */
  OLD_MESSAGE_FORMAT: OVERRIDABLE,
  /** On the target a share group has the name of a group whose positions are to be carried over. */
  TARGET_SHARE_GROUP: OVERRIDABLE,
  /** A range is asked for of a partition that the source does not have. */
  RANGE_PARTITION_MISSING: FATAL,
  /** The Connect cluster does not answer, or somebody else does. */
  CONNECT_UNREACHABLE: FATAL,
  /** The Connect cluster cannot copy exactly once, or at all. */
  CONNECT_UNSUPPORTED: FATAL,
  /** A topic that MirrorMaker 2 renames, leaves out, or cannot be checked on. */
  CONNECT_TOPIC_REFUSED: FATAL,
  /** No group of the source has a committed offset that could be migrated. */
  NO_COMMITTED_OFFSETS: EMPTY_HANDED,
  /** The filters let no committed offset through. */
  FILTER_MATCHED_NOTHING: EMPTY_HANDED,
  /** An open transaction keeps the end of a log from being copied. */
  OPEN_TRANSACTION: LEFT_BEHIND,
  /** Messages a group had not consumed yet were deleted by retention before the plan was made. */
  MESSAGES_EXPIRED: NOTICE,
  /** A topic has more partitions on the target than on the source. */
  MORE_PARTITIONS: NOTICE,
  /** A broker or bootstrap server that gives no answer, and that nothing concerned needs: others answer for the cluster. */
  BROKER_AWAY: NOTICE,
  /** A group still has members on the source. */
  GROUP_ACTIVE: NOTICE,
  /** A group whose positions are to be carried over has members on the target. */
  TARGET_GROUP_ACTIVE: NOTICE,
  /** A group stands further on on the target than its position there would be. */
  TARGET_GROUP_AHEAD: NOTICE,
  /** A group's metadata text is longer than the target takes: it is left out. */
  METADATA_TOO_LONG: NOTICE,
  /** A group's metadata text counts offsets, which are others on the target. */
  METADATA_COUNTS_OFFSETS: NOTICE,
  /** A group stands before what was migrated: messages that it has left were not copied. */
  POSITIONS_NOT_COPIED: NOTICE,
  /** Messages of others on the target lie before the positions that groups will have there. */
  POSITIONS_BEHIND_OTHERS: NOTICE,
  /** The source no longer holds what an unfinished migration has yet to copy. */
  UNFINISHED_RANGE_GONE: NOTICE,
  /** Others have written to partitions of the target since this migration was planned. */
  TARGET_WRITTEN_BY_OTHERS: NOTICE,
  /** `--verify` by count, and the source did not answer: whether it is the one that was migrated was not asked. */
  SOURCE_NOT_ASKED: NOTICE,
  /** The source is still being written. */
  SOURCE_STILL_WRITTEN: NOTICE,
  /** Timestamps are set by a broker. */
  LOG_APPEND_TIME: NOTICE,
  /** Messages copied only because of the `uncommitted` rule. */
  UNCOMMITTED_COUNTED: NOTICE,
  /** A committed offset beyond the end of its log. */
  OFFSET_BEYOND_END: NOTICE,
  /** A pattern of a filter that matches no name of the source. */
  PATTERN_MATCHED_NOTHING: NOTICE,
  /** A range reaches beyond the end of its log. */
  RANGE_BEYOND_END: NOTICE,
  /** The topic filter leaves a range out. */
  RANGE_FILTERED_OUT: NOTICE,
  /** The target takes smaller batches than the source. */
  MAX_MESSAGE_BYTES_LOWER: NOTICE,
  /** The target knows no zstd: what comes in it is re-encoded. */
  ZSTD_REENCODED: NOTICE,
  /** The target does not tell which settings new topics will have. */
  TOPIC_CONFIG_UNKNOWN: NOTICE,
  /** Data that no group reads. */
  TOPIC_WITHOUT_GROUP: NOTICE,
  /** A topic is created on the target without some of the source's settings. */
  TOPIC_CONFIG_LEFT_OUT: NOTICE,
  /** A topic setting differs between the clusters. */
  CONFIG_DIFFERS: NOTICE,
  /** The source's brokers cannot tell whether every group was listed. */
  GROUPS_MAY_BE_MISSED: NOTICE,
  /** Committed offsets for topics or partitions that do not exist. */
  OFFSETS_OF_MISSING_TOPIC: NOTICE,
  /** A share group: its state is kept elsewhere and not carried. */
  SHARE_GROUP: NOTICE,
  /** Committed offsets on topics whose names begin with `__`, which are never carried. */
  INTERNAL_TOPIC: NOTICE,
  /** The user may not see every group of the source. */
  GROUPS_MAY_BE_HIDDEN: NOTICE,
  /** `verifyHostname: false`. */
  HOSTNAME_NOT_VERIFIED: NOTICE,
  /** The config holds a secret and others on this machine may read it. */
  SECRET_READABLE: NOTICE,
  /** A secret goes over the network as it is. */
  SECRET_UNENCRYPTED: NOTICE,
} as const satisfies Record<string, FindingKind>;

/** The code of a finding. */
export type FindingCode = keyof typeof FINDING_KINDS;

/** The codes that may stand in `accept`. */
export const OVERRIDABLE_CODES: readonly FindingCode[] =
  (Object.keys(FINDING_KINDS) as FindingCode[])
    .filter((code) => FINDING_KINDS[code].overridable);

/** What a finding is about; every part is left out where it does not apply. */
export interface FindingPlace {
  readonly cluster?: "source" | "target";
  /** The address that the broker advertises, or that the config names. */
  readonly broker?: string;
  readonly topic?: string;
  /** Where one finding is about many. */
  readonly topics?: readonly string[];
  readonly partitions?: readonly number[];
  readonly groups?: readonly string[];
}

/** One thing found. */
export interface Finding {
  readonly code: FindingCode;
  /** As the table has it, unless `accept` or a setting made a warning of an error. */
  readonly severity: Severity;
  readonly overridable: boolean;
  readonly where: FindingPlace;
  /** One sentence without a full stop; names in it are escaped. */
  readonly message: string;
  /** What to do about it, in the same form. */
  readonly remedy: string;
  /** Present where `accept` named the code and so made a warning of the error. */
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

/** The findings with every overridable error whose code stands in `accept` turned into a warning, recorded as accepted. */
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
