// The verification by content: what was copied is read back from both sides and compared, several partitions at a time.
// Only what agrees by count is looked at.

import { compareLogs, type CompareRules, type Comparison } from "../compare/compare_logs.ts";
import { EVERY_KEY, halves, type KeyShare } from "../compare/missing_keys.ts";
import type { ClusterReader } from "../compare/partition_reader.ts";
import {
  readCommitted,
  readConnectorCopies,
  readTarget,
  type TargetRange,
  tellRecords,
  whyUnread,
} from "../compare/read_logs.ts";
import { isByConnector, producerOn } from "../journal/journal.ts";
import type { JournaledPartition, JournalState } from "../journal/journal_state.ts";
import { withoutSpans } from "../model/offsets.ts";
import type { PartitionProducer } from "../model/sequence.ts";
import type { ClusterSnapshot } from "../model/snapshot.ts";
import { formatTopicPartition, topicsOf } from "../model/topic_partition.ts";
import {
  addContent,
  type ContentEvidence,
  isComparable,
  type Verification,
} from "../verify/verify.ts";
import { ignorePeerError } from "../wire/peer_error.ts";
import { forEachAtOnce } from "../waiting/for_each_at_once.ts";
import { openReaders } from "./open_readers.ts";
import type { Clusters } from "../preflight/reach.ts";
import { lookAtTopics } from "../preflight/snapshot.ts";

/** How far a comparison has come. */
export interface CompareProgress {
  /** Records of the source read back, of those that were copied. */
  readonly recordsRead: bigint;
  readonly records: bigint;
  readonly partitionsCompared: number;
  readonly partitions: number;
}

/** What is compared. */
export interface VerifyContentOptions extends Clusters {
  readonly journal: JournalState;
  /** By count. */
  readonly counted: Verification;
  readonly onProgress: (progress: CompareProgress) => void;
  /** Read on either side; no limit where undefined. */
  readonly bytesPerSecond: number | undefined;
  readonly signal: AbortSignal;
}

/** Partitions compared at a time: reading and comparing overlap, and memory stays small. */
const AT_ONCE = 4;
const PROGRESS_INTERVAL_MS = 250;

/** Compares the contents of every partition that agrees by count. */
export async function verifyContent(options: VerifyContentOptions): Promise<Verification> {
  const { source, target, journal, counted, signal } = options;
  const comparable = new Set(counted.partitions.filter(isComparable).map(formatTopicPartition));
  const work = [...journal.partitions].flatMap(([key, each]) => comparable.has(key) ? [each] : []);
  if (work.length === 0) return counted;
  const topics = topicsOf(work);
  const looks = await Promise.all(
    [source, target].map((cluster) => lookAtTopics(cluster, topics, signal)),
  ).catch(ignorePeerError);
  // Where one of them does not answer, nothing has been compared.
  if (looks === undefined) return addContent(counted, new Map());
  const [onSource, onTarget] = looks as [ClusterSnapshot, ClusterSnapshot];
  const byConnector = isByConnector(journal);
  const readers = openReaders(source, target, work, { ...options, byConnector });
  const evidence = new Map<string, ContentEvidence>();
  const total = work.reduce((sum, { records }) => sum + records, 0n);
  let recordsRead = 0n;
  const report = () =>
    options.onProgress({
      recordsRead,
      records: total,
      partitionsCompared: evidence.size,
      partitions: work.length,
    });
  const showing = setInterval(report, PROGRESS_INTERVAL_MS);
  try {
    await forEachAtOnce(work, AT_ONCE, async (partition) => {
      const compared = await comparePartition(partition, {
        ...readers,
        producer: producerOn(journal, partition),
        sourceCompacted: onSource.topics.get(partition.topic)?.settings?.compacted ?? false,
        targetCompacted: onTarget.topics.get(partition.topic)?.settings?.compacted ?? false,
        targetEndOffset: onTarget.topics.get(partition.topic)?.partitions[partition.partition]
          ?.offsets?.highWatermark ?? partition.targetOffset,
        onRead: (records) => recordsRead += BigInt(records),
      });
      evidence.set(formatTopicPartition(partition), compared);
    });
  } finally {
    clearInterval(showing);
    readers.close();
  }
  report();
  return addContent(counted, evidence);
}

interface ComparePartition extends Omit<CompareRules, "keys"> {
  readonly source: ClusterReader;
  readonly target: ClusterReader;
  readonly producer: PartitionProducer;
  readonly targetEndOffset: bigint;
  readonly onRead: (records: number) => void;
}

async function comparePartition(
  partition: JournaledPartition,
  options: ComparePartition,
): Promise<ContentEvidence> {
  const { targetCompacted, producer } = options;
  const spans = withoutSpans(partition.ranges, partition.lost);
  const range: TargetRange = {
    startOffset: partition.targetFirstOffset ?? partition.targetOffset,
    // Later messages of the same keys may come after ours.
    endOffset: targetCompacted ? options.targetEndOffset : partition.targetOffset,
    ...producer,
    recordsBefore: 0n,
    ...(targetCompacted && { foreignBehind: partition.targetOffset }),
  };
  const once = async (keys: KeyShare): Promise<Comparison> => {
    const source = tellRecords(readCommitted(options.source, partition, spans), options.onRead);
    const target = partition.targetSpans === undefined
      ? readTarget(options.target, partition, range)
      : readConnectorCopies(options.target, partition, partition.targetSpans);
    try {
      return await compareLogs(source, target, { ...options, keys });
    } finally {
      // Responses still under way give their buffers back.
      await Promise.all([source.return(), target.return()]);
    }
  };
  try {
    return withBothCompacted(await inShares(once, EVERY_KEY), options);
  } catch (error) {
    const { text: difference, code } = whyUnread(error);
    return { equal: 0n, compacted: 0n, goneFromSource: 0n, withoutTimestamp: 0n, difference, code };
  }
}

/** One reading, or several where there are too many keys for one. */
async function inShares(
  once: (keys: KeyShare) => Promise<Comparison>,
  keys: KeyShare,
): Promise<Comparison> {
  const result = await once(keys);
  if (result.difference !== undefined || result.overflowed === undefined) return result;
  for (const share of halves(keys)) {
    const part = await inShares(once, share);
    if (part.difference !== undefined) return part;
  }
  const { overflowed: _, ...whole } = result;
  return whole;
}

function withBothCompacted(
  { overflowed: _, difference, ...comparison }: Comparison,
  { sourceCompacted, targetCompacted }: ComparePartition,
): ContentEvidence {
  if (difference === undefined) return comparison;
  const { text, code } = difference;
  if (!sourceCompacted || !targetCompacted) return { ...comparison, difference: text, code };
  return {
    ...comparison,
    difference:
      `${text}; both topics are compacted, and what the source has lost since it was copied cannot be told from what differs`,
    code: "BOTH_COMPACTED",
  };
}
