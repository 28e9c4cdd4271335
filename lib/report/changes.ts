// What a migration has changed on the target in all its runs, computed from its journal, so that it can be undone.

import { compareNames } from "../model/compare_names.ts";
import type { JournalState } from "../journal/journal_state.ts";
import type { Changes } from "./report.ts";
import type { WrittenRecords } from "../model/written_records.ts";
import { compareTopicPartitions } from "../model/topic_partition.ts";

/** The changes that a journal records. */
export function changesOf({ partitions, topicsCreated }: JournalState): Changes {
  const written = [...partitions.values()].flatMap(
    ({ topic, partition, records, targetFirstOffset, targetOffset }): WrittenRecords[] =>
      targetFirstOffset === undefined || records === 0n
        ? []
        : [{ topic, partition, records, baseOffset: targetFirstOffset, endOffset: targetOffset }],
  );
  return {
    topicsCreated: topicsCreated.toSorted(compareNames),
    records: written.sort(compareTopicPartitions),
  };
}
