// Finds the partitions that a copy waits for: those with the most of their range left. Pure.

import type { RangeProgress } from "./copy_task.ts";
import type { PartitionCopy } from "./partition_copy.ts";

type Standing = Pick<
  PartitionCopy,
  "topic" | "partition" | "status" | "startOffset" | "sourceOffset" | "endOffset"
>;

/** The `count` partitions still copying that have the most offsets left, most first. One pass over all. */
export function furthestFromEnd(
  partitions: readonly Standing[],
  count: number,
): readonly RangeProgress[] {
  const found: Standing[] = [];
  for (const each of partitions) {
    if (each.status !== "copying") continue;
    const last = found[count - 1];
    if (last !== undefined && left(each) <= left(last)) continue;
    const at = found.findIndex((other) => left(each) > left(other));
    found.splice(at < 0 ? found.length : at, 0, each);
    found.length = Math.min(found.length, count);
  }
  return found.map(({ topic, partition, startOffset, sourceOffset, endOffset }) => ({
    topic,
    partition,
    offsetsDone: sourceOffset - startOffset,
    offsetsPlanned: endOffset - startOffset,
  }));
}

function left({ sourceOffset, endOffset }: Standing): bigint {
  return endOffset - sourceOffset;
}
