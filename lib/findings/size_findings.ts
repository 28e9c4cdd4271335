// Compares the target's retention by size with the bytes to be copied, which are estimated from the source's disks. Where
// the sizes are not known, there is no finding.

import { escapeName } from "../model/escape_name.ts";
import { estimatedBytes, type PartitionBytes } from "../plan/estimate.ts";
import { type Finding, finding } from "../model/finding.ts";
import { partitionsOf, perTopic } from "./finding_place.ts";
import { partitionsToCopy, type Plan } from "../plan/plan.ts";
import type { TopicSettings } from "../model/snapshot.ts";
import { formatBytes } from "../model/units.ts";

/** One finding for each topic that is to receive more than its retention keeps. */
export function sizeFindings(
  plan: Plan,
  sizes: PartitionBytes,
  onTarget: (topic: string) => TopicSettings | undefined,
  command: (topic: string, setting: string) => string,
): readonly Finding[] {
  const tooLarge = partitionsToCopy(plan).flatMap((planned) => {
    const bytes = estimatedBytes(planned, planned.offsets, sizes);
    const kept = onTarget(planned.topic)?.retentionBytes;
    return bytes !== undefined && kept !== undefined && bytes > kept
      ? [{ topic: planned.topic, partition: planned.partition, bytes, kept }]
      : [];
  });
  return perTopic(tooLarge, (topic, partitions) => {
    const kept = partitions[0]?.kept ?? 0;
    const largest = partitions.reduce((most, { bytes }) => bytes > most ? bytes : most, 0n);
    return finding(
      "RETENTION_WOULD_DELETE",
      { cluster: "target", topic, partitions: partitions.map(({ partition }) => partition) },
      `Topic ${escapeName(topic)} keeps ${
        formatBytes(kept)
      } of a partition on the target (retention.bytes=${kept}), and ${
        partitionsOf(topic, partitions)
      } would get up to ${formatBytes(largest)} (estimated): the oldest would be deleted there`,
      `${command(topic, "retention.bytes=-1")}, or accept: [RETENTION_WOULD_DELETE]`,
    );
  });
}
