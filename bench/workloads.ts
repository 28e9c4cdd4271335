// What is copied: the topics of the bench, as data. Names are stable, so that results of different versions can be laid
// side by side. It starts and measures nothing.

/** A topic to copy. */
export interface Workload {
  /** One letter, as results name it. */
  readonly name: string;
  /** What it stands for. */
  readonly title: string;
  readonly partitions: number;
  /** Records over all partitions, at scale 1. */
  readonly records: number;
  /** Bytes of a record's value. */
  readonly valueBytes: number;
  readonly codec: "none" | "lz4" | "zstd";
  /** Bytes of a source batch before compression, at most. */
  readonly batchBytes: number;
}

/** All workloads, in the order they run. */
export const workloads: readonly Workload[] = [
  {
    name: "A",
    title: "2M × 1 KB, uncompressed",
    partitions: 6,
    records: 2_000_000,
    valueBytes: 1_000,
    codec: "none",
    batchBytes: 1_000_000,
  },
  {
    name: "C",
    title: "6M × 100 B, zstd",
    partitions: 6,
    records: 6_000_000,
    valueBytes: 100,
    codec: "zstd",
    batchBytes: 1_000_000,
  },
];

/** The workload with as many records as the scale says, at least one a partition. */
export function scaled(workload: Workload, scale: number): Workload {
  return {
    ...workload,
    records: Math.max(workload.partitions, Math.round(workload.records * scale)),
  };
}

/** The workload with about so many bytes of values. */
export function recordsFor(workload: Workload, bytes: number): Workload {
  return scaled(workload, bytes / valueBytesOf(workload));
}

/** Records that end up in a partition: the seeder deals them out in turn. */
export function recordsOfPartition({ records, partitions }: Workload, partition: number): bigint {
  return BigInt(Math.floor((records - partition + partitions - 1) / partitions));
}

/** Bytes of all values: what MB/s counts, whatever the codec makes of them. */
export function valueBytesOf({ records, valueBytes }: Workload): number {
  return records * valueBytes;
}
