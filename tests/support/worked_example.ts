/**
 * The worked example: topics test1 to test4 on a source, pre-created on a target, and what a migration has to find
 * there. One table says both what is seeded and what is expected. Refuses clusters that have these topics already.
 */

import type { Judge, ProduceSpec } from "./librdkafka.ts";

/** One partition: how its log lies, who committed what, and what has to move. */
export interface ExamplePartition {
  readonly topic: string;
  readonly partition: number;
  readonly logStart: bigint;
  /** The high watermark: how many messages are produced. */
  readonly end: bigint;
  /** Committed offsets by group. */
  readonly committed: Readonly<Record<string, bigint>>;
  /** Where copying starts: the smallest committed offset, or the log start offset where that lies beyond. */
  readonly start: bigint;
  /** Whether the smallest committed offset has expired. */
  readonly expired: boolean;
  /** What the messages look like. */
  readonly contents: Omit<ProduceSpec, "topic" | "partition" | "count">;
}

/** A group that really joined leaves the protocol type `consumer` behind, offsets set by hand leave none. */
const groups: readonly { readonly name: string; readonly joined: boolean }[] = [
  { name: "test123-group", joined: true },
  { name: "test34-group", joined: false },
];

/** All partitions of the example, by topic and partition. */
export const examplePartitions: readonly ExamplePartition[] = [
  {
    topic: "test1",
    partition: 0,
    logStart: 5226n,
    end: 5226n,
    committed: { "test123-group": 3713n },
    start: 5226n,
    expired: true,
    contents: { codec: "none" },
  },
  {
    topic: "test2",
    partition: 0,
    logStart: 0n,
    end: 12_000n,
    committed: { "test123-group": 9_500n },
    start: 9_500n,
    expired: false,
    contents: { codec: "gzip", seed: 20, headers: "some" },
  },
  {
    topic: "test2",
    partition: 1,
    logStart: 0n,
    end: 9_050n,
    committed: { "test123-group": 4_100n },
    start: 4_100n,
    expired: false,
    contents: { codec: "snappy", seed: 21, keys: "some", values: "some" },
  },
  {
    topic: "test2",
    partition: 2,
    logStart: 0n,
    end: 7_000n,
    committed: { "test123-group": 7_000n },
    start: 7_000n,
    expired: false,
    contents: { codec: "gzip", seed: 22 },
  },
  {
    topic: "test3",
    partition: 0,
    logStart: 0n,
    end: 264_322n,
    committed: { "test123-group": 187_800n, "test34-group": 231_450n },
    start: 187_800n,
    expired: false,
    contents: { codec: "lz4", keys: "some", headers: "some" },
  },
  {
    topic: "test4",
    partition: 0,
    logStart: 0n,
    end: 30_000n,
    committed: { "test34-group": 18_250n },
    start: 18_250n,
    expired: false,
    contents: { codec: "zstd", seed: 40, keys: "none", valueBytes: 300 },
  },
  {
    topic: "test4",
    partition: 1,
    logStart: 640n,
    end: 8_800n,
    committed: { "test34-group": 512n },
    start: 640n,
    expired: true,
    contents: { codec: "none", seed: 41, headers: "all", compressible: false },
  },
];

/** The example's topics in order. */
export const exampleTopics: readonly string[] = [
  ...new Set(examplePartitions.map(({ topic }) => topic)),
];

/** @returns how many messages of a topic have to move: 76,522 of test3 */
export function exampleMessages(topic: string): bigint {
  return examplePartitions.filter((one) => one.topic === topic)
    .reduce((sum, { start, end }) => sum + (end - start), 0n);
}

/** More than the seven days that topics keep their messages and their segments are open, unless told. */
const TEN_DAYS_MS = 10 * 86_400_000;

/** The batch that test3's start offset, 187800, cuts through: its first and last offset. */
export const cutBatch = { first: 187_700n, last: 187_899n } as const;

/** How the source is seeded where it, or the target, is old. */
export interface SeedOptions {
  /** What makes messages expire: deletion unless told, for which brokers before 0.11 have no request. */
  readonly expiry?: "deletion" | "age";
  /** Whether both sides know zstd: yes unless told; gzip takes its place. */
  readonly zstd?: boolean;
}

/**
 * Seeds the source and creates the topics, empty, on the target.
 * @param source bootstrap addresses
 * @param target bootstrap addresses
 */
export async function seedWorkedExample(
  source: string,
  target: string,
  judge: Judge,
  options: SeedOptions = {},
): Promise<void> {
  const topics = exampleTopics.map((name) => ({
    name,
    partitions: examplePartitions.filter(({ topic }) => topic === name).length,
  }));
  await Promise.all([judge.createTopics(source, topics), judge.createTopics(target, topics)]);
  await Promise.all(
    examplePartitions.map((partition) => seedPartition(source, partition, judge, options)),
  );
  for (const { name, joined } of groups) {
    const offsets = examplePartitions.flatMap(({ topic, partition, committed }) => {
      const offset = committed[name];
      return offset === undefined ? [] : [{ topic, partition, offset }];
    });
    await judge.commitOffsets(source, name, offsets, { joined });
  }
}

async function seedPartition(
  source: string,
  seeded: ExamplePartition,
  judge: Judge,
  { expiry = "deletion", zstd = true }: SeedOptions,
): Promise<void> {
  const { topic, partition, logStart, end, contents } = seeded;
  const byAge = expiry === "age" && logStart > 0n;
  // A call ends with a flush, so its last batch ends there too: the one way to place a batch.
  const borders = topic === "test3" ? [cutBatch.first, cutBatch.last + 1n] : [];
  let from = 0n;
  for (const until of [...borders, ...(byAge && logStart < end ? [logStart] : []), end]) {
    await judge.produce(source, {
      ...contents,
      ...(contents.codec === "zstd" && !zstd && { codec: "gzip" }),
      // What comes after messages that are so much older begins a segment; the old one is deleted as a whole.
      ...(byAge && from < logStart && { timestampMs: Date.now() - TEN_DAYS_MS }),
      topic,
      partition,
      count: Number(until - from),
      properties: { "linger.ms": "200", "batch.num.messages": "1000" },
      seed: (contents.seed ?? 0) * 1_000_000 + Number(from),
    });
    from = until;
  }
  if (byAge) await untilExpired(source, seeded, judge);
  else if (logStart > 0n) await judge.deleteRecords(source, topic, partition, logStart);
}

/** Retention looks at the logs half a minute after the broker's start, and then every second. */
async function untilExpired(
  source: string,
  { topic, partition, logStart }: ExamplePartition,
  judge: Judge,
): Promise<void> {
  for (let tries = 0; tries < 180; tries++) {
    if ((await judge.watermarks(source, topic, partition)).logStart === logStart) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`The log of ${topic}-${partition} does not begin at ${logStart} in time`);
}
