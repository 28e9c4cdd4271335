// Findings about the metadata texts that groups have committed beside their offsets, made before anything is copied: which
// are too long for the target, and which refer to offsets. Pure; group_offsets.ts decides which text is committed.

import { type Finding, finding } from "../model/finding.ts";
import { partitionsOf, perTopic } from "./finding_place.ts";
import type { WantedPosition } from "../plan/group_offsets.ts";
import { DEFAULT_MAX_LENGTH, mayNameOffsets, whyLeftOut } from "../plan/metadata_text.ts";
import { placeOf } from "./position_place.ts";
import type { GroupSnapshot } from "../model/snapshot.ts";
import { formatTopicPartition } from "../model/topic_partition.ts";
import { countOf, formatCount } from "../model/units.ts";

/** A position to be carried over, with the end of its log on the source. */
interface PositionInLog extends WantedPosition {
  readonly logEnd: bigint;
}

interface PositionWithText extends PositionInLog {
  readonly text: string;
}

/** The facts by which the texts are judged. */
export interface MetadataFacts {
  /** The groups as they are on the source. */
  readonly sourceGroups: readonly GroupSnapshot[];
  /** `offset.metadata.max.bytes` of the target; absent where it could not be read. */
  readonly maxMetadataLength?: number;
}

/** The findings about the texts. @param positions the positions to be carried over */
export function metadataFindings(
  positions: readonly PositionInLog[],
  { sourceGroups, maxMetadataLength }: MetadataFacts,
): readonly Finding[] {
  const texts = new Map(sourceGroups.map(({ group, metadata }) => [group, metadata]));
  const withText = positions.flatMap((position): readonly PositionWithText[] => {
    const text = texts.get(position.group)?.get(formatTopicPartition(position)) ?? "";
    return text === "" ? [] : [{ ...position, text }];
  });
  const limit = maxMetadataLength ?? DEFAULT_MAX_LENGTH;
  const why = ({ text }: PositionWithText) => whyLeftOut(text, limit);
  const naming = withText.filter((each) =>
    why(each) === undefined && mayNameOffsets(each.text, each.sourceOffset, each.logEnd)
  );
  return [
    ...tooLong(withText.filter((each) => why(each) === "too long"), maxMetadataLength),
    ...counting(withText.filter((each) => why(each) === "counts offsets")),
    ...namingOffsets(naming),
  ];
}

function tooLong(
  positions: readonly PositionWithText[],
  maxLength: number | undefined,
): readonly Finding[] {
  return perTopic(positions, (topic, ofTopic) => {
    const { groups, partitions, who, where } = wordsFor(topic, ofTopic);
    const longest = Math.max(...ofTopic.map(({ text }) => text.length));
    const takes = maxLength === undefined
      ? "how many the target takes (offset.metadata.max.bytes) could not be read: where they are too long, the positions will be committed without them"
      : `the target takes ${
        formatCount(maxLength)
      } (offset.metadata.max.bytes): the positions will be committed without them`;
    return finding(
      "METADATA_TOO_LONG",
      { cluster: "target", topic, partitions, groups },
      `${who} committed metadata texts in ${where} of up to ${
        countOf(longest, "character")
      }, ${takes}`,
      "Nothing, if the consumers do without them; otherwise raise offset.metadata.max.bytes of the target's brokers",
    );
  });
}

function counting(positions: readonly PositionWithText[]): readonly Finding[] {
  return perTopic(positions, (topic, ofTopic) => {
    const { groups, partitions, who, where } = wordsFor(topic, ofTopic);
    return finding(
      "METADATA_COUNTS_OFFSETS",
      { cluster: "target", topic, partitions, groups },
      `${who} committed metadata texts in ${where} that tell which messages after the position are done already, counted in offsets, which are others on the target: the positions will be committed without them, and the consumers do those messages again`,
      "Nothing, if they may be done again; otherwise let the consumers finish what they have begun, and stop them in order, before the last run",
    );
  });
}

function namingOffsets(positions: readonly PositionWithText[]): readonly Finding[] {
  return perTopic(positions, (topic, ofTopic) => {
    const { groups, partitions, who, where } = wordsFor(topic, ofTopic);
    return finding(
      "METADATA_COUNTS_OFFSETS",
      { cluster: "target", topic, partitions, groups },
      `${who} committed metadata texts in ${where} with numbers that may be offsets; the texts are carried over as they stand, and the offsets are others on the target`,
      "Find out whether the consumers use these numbers; if they do, delete the texts before the last run: commit the same offsets without",
    );
  });
}

function wordsFor(topic: string, positions: readonly PositionWithText[]) {
  const { groups, partitions, who } = placeOf(positions);
  return {
    groups,
    partitions,
    who: `${who} ${groups.length === 1 ? "has" : "have"}`,
    where: partitionsOf(topic, partitions.map((partition) => ({ partition }))),
  };
}
