// Findings about the groups on the target, made before the first byte, for positions that will be carried over after the
// last one: groups that could not be committed for, groups that have already committed a higher offset, and groups that
// would skip messages of others. Pure: the caller has read groups and logs. What may be committed in the end is judged again
// by lib/plan/group_offsets.ts.

import { compareNames } from "../model/compare_names.ts";
import { listNames, quoteForShell } from "../model/escape_name.ts";
import { type Finding, finding } from "../model/finding.ts";
import { partitionsOf, perTopic } from "./finding_place.ts";
import { type WantedPosition, wantedPositions } from "../plan/group_offsets.ts";
import { isActive, isShareGroup } from "../model/group_state.ts";
import type { JournaledPartition, JournalState } from "../journal/journal_state.ts";
import { neverPlanned, translateOffset } from "../journal/offset_map.ts";
import { metadataFindings } from "./metadata_findings.ts";
import { maxOffset, minOffset } from "../model/offsets.ts";
import type { Plan, PlannedPartition } from "../plan/plan.ts";
import { unreadableGroups } from "./plan_findings.ts";
import { placeOf } from "./position_place.ts";
import type { ClusterSnapshot, GroupSnapshot, PartitionOffsets } from "../model/snapshot.ts";
import { formatTopicPartition } from "../model/topic_partition.ts";
import { countOf, sum } from "../model/units.ts";

/** The facts by which positions are judged before anything is copied. */
export interface TargetGroupFacts {
  /** The target's logs. */
  readonly target: ClusterSnapshot;
  /** The groups on the target, at least those of the plan that exist there. */
  readonly groups: readonly GroupSnapshot[];
  readonly journal: JournalState | undefined;
  readonly nonEmptyTarget: "refuse" | "append";
  /** The groups on the source, with their metadata texts. */
  readonly sourceGroups: readonly GroupSnapshot[];
  /** `offset.metadata.max.bytes` of the target; absent where it could not be read. */
  readonly maxMetadataLength?: number;
}

/** A position with what can be known before the copy about its place on the target. */
interface ExpectedPosition extends WantedPosition {
  /** The offset that the group has committed on the target; absent where it has none. */
  readonly before?: bigint;
  /** The position on the target will not be higher than this offset, as long as nobody else writes. */
  readonly furthest: bigint;
  /** The high watermark of its partition on the source. */
  readonly logEnd: bigint;
  /** At most this many messages of others, unread by the group, will be before the position. */
  readonly passedOver: bigint;
}

/** All findings about the groups on the target. */
export function targetGroupFindings(plan: Plan, facts: TargetGroupFacts): readonly Finding[] {
  const onTarget = new Map(facts.groups.map((each) => [each.group, each]));
  const positions = expectedPositions(plan, facts, onTarget);
  const wanted = new Set(wantedPositions(plan).map(({ group }) => group));
  const unreadable = facts.groups.flatMap(({ group, problem }) =>
    problem !== undefined && wanted.has(group) ? [{ group, problem: problem.text }] : []
  );
  const bootstrap = facts.target.brokers[0]?.address ?? "TARGET";
  const toMove = positions.filter(({ before, furthest }) =>
    before === undefined || before < furthest
  );
  return [
    ...unreadableGroups(unreadable, "target"),
    ...shareGroups([...wanted], onTarget, bootstrap),
    ...activeGroups(toMove, onTarget),
    ...aheadOnTarget(positions, bootstrap),
    ...skippingOthers(positions),
    ...metadataFindings(toMove, facts),
  ];
}

/**
 * The positions on partitions that the target has and whose offsets are known. Positions before the migrated range are
 * excluded: they are never committed (not_copied_findings.ts).
 */
function expectedPositions(
  plan: Plan,
  { target, journal, nonEmptyTarget }: TargetGroupFacts,
  onTarget: ReadonlyMap<string, GroupSnapshot>,
): readonly ExpectedPosition[] {
  return plan.partitions.flatMap((planned) => {
    const { topic, partition } = planned;
    const log = target.topics.get(topic)?.partitions[partition]?.offsets;
    if (log === undefined) return [];
    const key = formatTopicPartition(planned);
    const journaled = journal?.partitions.get(key);
    const end = journaled === undefined ? journal?.skipped.get(key) : undefined;
    // For a partition that is to be written and must be empty there is the finding TARGET_NOT_EMPTY.
    const othersEnd = nonEmptyTarget === "refuse" && planned.offsets > 0n
      ? log.logStartOffset
      : journaled?.targetFirstOffset ?? journaled?.targetOffset ?? end ?? log.highWatermark;
    const copied = ({ sourceOffset }: WantedPosition) =>
      journaled === undefined ||
      neverPlanned(journaled.ranges, sourceOffset, planned.log.logStartOffset) === undefined;
    return wantedPositions({ ...plan, partitions: [planned] }).filter(copied).map((position) => {
      const before = onTarget.get(position.group)?.committed.get(topic)?.get(partition);
      const read = maxOffset(before ?? 0n, log.logStartOffset);
      return {
        ...position,
        ...(before !== undefined && { before }),
        furthest: furthest(position.sourceOffset, planned, { journaled, end, log }),
        logEnd: planned.log.highWatermark,
        passedOver: maxOffset(othersEnd - read, 0n),
      };
    });
  });
}

/** Gaps and transaction markers are not copied, so the rest takes up at most as many offsets as on the source. */
function furthest(
  sourceOffset: bigint,
  planned: PlannedPartition,
  { journaled, end, log }: {
    readonly journaled: JournaledPartition | undefined;
    /** The target's end as journaled for a partition of which nothing was ever copied. */
    readonly end: bigint | undefined;
    readonly log: PartitionOffsets;
  },
): bigint {
  const from = journaled?.sourceOffset ?? planned.startOffset;
  const left = planned.endOffset - from;
  if (journaled?.targetFirstOffset !== undefined && sourceOffset < from) {
    const translation = translateOffset(journaled, sourceOffset);
    const known = "targetOffset" in translation
      ? translation.targetOffset
      : translation.to.targetOffset;
    if (left <= 0n || known < journaled.targetOffset) return known;
  }
  if (left <= 0n) return journaled?.targetOffset ?? end ?? log.highWatermark;
  const next = maxOffset(journaled?.targetOffset ?? 0n, log.highWatermark);
  return next + maxOffset(0n, minOffset(sourceOffset - from, left));
}

function shareGroups(
  wanted: readonly string[],
  onTarget: ReadonlyMap<string, GroupSnapshot>,
  bootstrap: string,
): readonly Finding[] {
  const shared = wanted.filter((group) => {
    const known = onTarget.get(group);
    return known !== undefined && isShareGroup(known);
  }).sort(compareNames);
  const [first] = shared;
  if (first === undefined) return [];
  return [finding(
    "TARGET_SHARE_GROUP",
    { cluster: "target", groups: shared },
    `${
      countOf(shared.length, "group")
    } can't get positions on the target, where a share group has the name: ${listNames(shared)}`,
    `Delete the share group, if nobody needs it: kafka-share-groups.sh --bootstrap-server ${bootstrap} --delete --group ${
      quoteForShell(first)
    }; or accept this finding, and the positions are not carried over`,
  )];
}

function activeGroups(
  toMove: readonly ExpectedPosition[],
  onTarget: ReadonlyMap<string, GroupSnapshot>,
): readonly Finding[] {
  const active = [...new Set(toMove.map(({ group }) => group))].filter((group) => {
    const known = onTarget.get(group);
    return known !== undefined && isActive(known) && !isShareGroup(known);
  }).sort(compareNames);
  if (active.length === 0) return [];
  return [finding(
    "TARGET_GROUP_ACTIVE",
    { cluster: "target", groups: active },
    `${countOf(active.length, "group")} already consuming on the target: ${listNames(active)}`,
    "Stop the consumers there until the migration has ended: the positions of a group with members can't be set",
  )];
}

function aheadOnTarget(
  positions: readonly ExpectedPosition[],
  bootstrap: string,
): readonly Finding[] {
  const ahead = positions.flatMap((each) =>
    each.before !== undefined && each.before > each.furthest
      ? [{ ...each, before: each.before }]
      : []
  );
  return perTopic(ahead, (topic, ofTopic) => {
    const [first] = ofTopic as [(typeof ahead)[number]];
    const { groups, partitions, who } = placeOf(ofTopic);
    const stay = groups.length === 1 ? "stands" : "stand";
    return finding(
      "TARGET_GROUP_AHEAD",
      { cluster: "target", topic, partitions, groups },
      `${who} ${stay} further on on the target than on the source and will be left there: ${
        partitionsOf(topic, partitions.map((partition) => ({ partition })))
      } (${first.partition}: at ${first.before}, what is left to read begins at ${first.furthest} at the latest)`,
      `Nothing, if the consumers have gone on on the target; otherwise delete those positions: kafka-consumer-groups.sh --bootstrap-server ${bootstrap} --delete-offsets --group ${
        quoteForShell(first.group)
      } --topic ${quoteForShell(topic)}:${first.partition}`,
    );
  });
}

function skippingOthers(positions: readonly ExpectedPosition[]): readonly Finding[] {
  const skipping = positions.filter(({ passedOver }) => passedOver > 0n);
  return perTopic(skipping, (topic, ofTopic) => {
    const { groups, partitions, who } = placeOf(ofTopic);
    const most = new Map<number, bigint>();
    for (const { partition, passedOver } of ofTopic) {
      most.set(partition, maxOffset(most.get(partition) ?? 0n, passedOver));
    }
    return finding(
      "POSITIONS_BEHIND_OTHERS",
      { cluster: "target", topic, partitions, groups },
      `${who} will go on after ${
        countOf(sum([...most.values()], (each) => each), "message")
      } of others in ${
        partitionsOf(topic, partitions.map((partition) => ({ partition })))
      } on the target, and not read them`,
      "Nothing, if that is meant; otherwise set groupOffsets: ignore and the positions by hand",
    );
  });
}
