// What is copied: the topics of the bench, as data. Names are stable, so that results of different versions can be laid
// side by side. It starts and measures nothing.

/** A topic, and what of it there is to copy. */
export interface Workload {
  /** As results and `--only` name it. */
  readonly name: string;
  /** What it stands for. */
  readonly title: string;
  /** Workloads with the same topic stand next to each other and share it. */
  readonly topic: string;
  readonly partitions: number;
  /** Records of the topic, over all partitions. */
  readonly records: number;
  /** Bytes of a record's value. */
  readonly valueBytes: number;
  readonly codec: "none" | "lz4" | "zstd";
  /** Bytes of a source batch before compression, at most; 0: every record is a batch. */
  readonly batchBytes: number;
  /** The part of each partition that is to be copied, its end. */
  readonly left: number;
  /** Over links with a round trip of {@link ROUND_TRIP_MS} to both clusters. */
  readonly far?: boolean;
  /** Nothing is copied: so many groups with a position on every partition are planned for. */
  readonly groups?: number;
  /** Only data-migrate is measured, against itself. */
  readonly alone?: boolean;
}

/** Of far workloads. */
export const ROUND_TRIP_MS = 50;

const A = {
  name: "A",
  title: "1 KB, uncompressed",
  topic: "a",
  partitions: 6,
  records: 2_000_000,
  valueBytes: 1_000,
  codec: "none",
  batchBytes: 1_000_000,
  left: 1,
} as const satisfies Workload;
const D = {
  ...A,
  name: "D",
  title: "1 KB, lz4 batches of 16 KB",
  topic: "d",
  records: 500_000,
  codec: "lz4",
  batchBytes: 16_000,
} as const satisfies Workload;
const E = {
  ...A,
  name: "E",
  title: "1 KB, uncompressed batches of 16 KB",
  topic: "e",
  records: 1_000_000,
  batchBytes: 16_000,
} as const satisfies Workload;
const H = {
  ...A,
  name: "H",
  title: "200 B, a batch each",
  topic: "h",
  records: 3_000_000,
  valueBytes: 200,
  batchBytes: 0,
} as const satisfies Workload;
const P = {
  ...A,
  name: "P",
  title: "2,000 partitions × 100 of 1 KB",
  topic: "p",
  partitions: 2_000,
  records: 200_000,
} as const satisfies Workload;

/** All workloads, in the order they run. */
export const workloads: readonly Workload[] = [
  A,
  { ...A, name: "A4", title: "a quarter of A", left: 1 / 4, alone: true },
  { ...A, name: "A16", title: "a sixteenth of A", left: 1 / 16, alone: true },
  { ...A, name: "WA", title: "a quarter of A, 50 ms away", left: 1 / 4, far: true },
  { ...A, name: "B", title: "A in lz4 batches", topic: "b", codec: "lz4" },
  {
    ...A,
    name: "C",
    title: "100 B, zstd",
    topic: "c",
    records: 6_000_000,
    valueBytes: 100,
    codec: "zstd",
  },
  D,
  E,
  { ...D, name: "WD", title: "D, 50 ms away", far: true },
  H,
  { ...H, name: "WH", title: "half of H, 50 ms away", left: 1 / 2, far: true },
  P,
  { ...P, name: "P20", title: "P in 20 partitions", topic: "p20", partitions: 20, alone: true },
  {
    ...A,
    name: "G",
    title: "plan of 5,000 groups × 10 partitions",
    topic: "g",
    partitions: 10,
    records: 10_000,
    valueBytes: 100,
    groups: 5_000,
  },
  {
    ...H,
    name: "HL",
    title: "half of H, each batch in lz4",
    topic: "hl",
    codec: "lz4",
    records: 1_500_000,
  },
  {
    ...A,
    name: "S",
    title: "a quarter of A in one partition",
    topic: "s",
    partitions: 1,
    records: 500_000,
  },
  {
    ...A,
    name: "T",
    title: "backlogs that begin inside lz4 batches of 1 MB",
    topic: "t",
    partitions: 120,
    records: 600_000,
    codec: "lz4",
    left: 0.9,
  },
];

/** The workload with as many records, or groups, as the scale says, at least one a partition. */
export function scaled(workload: Workload, scale: number): Workload {
  const { partitions, records, groups } = workload;
  return {
    ...workload,
    records: Math.max(partitions, Math.round(records * scale)),
    ...(groups !== undefined && { groups: Math.max(2, Math.round(groups * scale)) }),
  };
}

/** The workload with about so many bytes of values. */
export function recordsFor(workload: Workload, bytes: number): Workload {
  return scaled(workload, bytes / (workload.records * workload.valueBytes));
}

/** Records of the topic that end up in a partition: they are dealt out in turn. */
export function recordsOfPartition({ records, partitions }: Workload, partition: number): number {
  return Math.floor((records - partition + partitions - 1) / partitions);
}

/** Records to copy. */
export function recordsLeft({ records, left }: Workload): number {
  return Math.round(records * left);
}

/** Bytes of the values to copy: what MB/s counts, whatever the codec makes of them. */
export function bytesLeft(workload: Workload): number {
  return recordsLeft(workload) * workload.valueBytes;
}
