/**
 * The kinds of log a Kafka partition can hold, made on a real broker: plain, transactional, compacted, with append
 * times, with odd records, in batches of one record and of millions. Refuses to judge: it says what lies where.
 */

import type { Judge, JudgedRecord, ProduceSpec } from "./librdkafka.ts";
import { uniqueName } from "./cluster_pair.ts";
import { isSince, type KafkaVersion } from "./kafka_releases.ts";
import { fetchRaw, produceRaw } from "./raw_client.ts";
import { buildBatch, type TestRecord, utf8 } from "./record_batch_builder.ts";

/** A broker to fill or to read. */
export interface Broker {
  readonly bootstrap: string;
  readonly version: KafkaVersion;
}

/** `message.format.version` of topics with messages of magic 0 and 1; undefined stands for record batches, magic 2. */
export type MessageFormat = "0.9.0" | "0.10.2" | undefined;

/** @returns the formats that a release can keep, the newest first */
export function formatsOf(version: KafkaVersion): readonly MessageFormat[] {
  if (!isSince(version, "0.11.0.3")) return ["0.10.2", "0.9.0"];
  // From 3.0 on the setting has no effect.
  return isSince(version, "3.9.1") ? [undefined] : [undefined, "0.10.2", "0.9.0"];
}

/** The range of a partition that is to be copied. */
export interface LogRange {
  /** The committed offset. */
  readonly start: bigint;
  readonly end: bigint;
}

/** A topic that was filled. */
export interface Log {
  readonly title: string;
  readonly topic: string;
  readonly partitions: readonly LogRange[];
  /** What the topic needs on the target. */
  readonly targetConfigs: Readonly<Record<string, string>>;
  /** Whether consumers of the target see other timestamps, or another type of timestamp. */
  readonly timestamps: "same" | "same but their type" | "the target's own";
}

/** What consumers see of a range: enough to tell any difference. */
export async function contentsOf(
  judge: Judge,
  { bootstrap }: Broker,
  { topic, timestamps }: Log,
  partition: number,
  range: { readonly start?: bigint; readonly end?: bigint },
): Promise<object> {
  const separately = timestamps === "same but their type";
  const read = await judge.read(bootstrap, topic, partition, {
    ...range,
    records: separately ? 10_000 : 0,
    timestamps: timestamps === "same",
  });
  return {
    count: read.count,
    digest: read.digest,
    // librdkafka says 0 where messages of magic 0 have none.
    timestamps: await digestOf(
      read.records.map(({ timestampMs, timestampType }) =>
        timestampType === "none" ? -1 : timestampMs
      ),
    ),
  };
}

async function digestOf(numbers: readonly number[]): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new Float64Array(numbers));
  return new Uint8Array(digest).toHex();
}

const codecs = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
type Codec = typeof codecs[number];

/** What a kind of log is filled through. */
interface Filling {
  readonly codec: Codec;
  readonly topic: string;
  /** Whether records may have headers and producers ids: magic 2. */
  readonly modern: boolean;
  readonly produce: (
    spec: Omit<ProduceSpec, "topic" | "partition">,
    partition?: number,
  ) => Promise<void>;
  readonly raw: (batches: readonly Uint8Array[], partition?: number) => Promise<void>;
  /** Returns when the log cleaner has left every kind of gap. */
  readonly cleaned: () => Promise<void>;
}

interface Kind {
  readonly title: string;
  readonly codecs: readonly Codec[];
  /** Committed offsets, a partition each. */
  readonly starts: readonly number[];
  readonly fill: (filling: Filling) => Promise<void>;
  readonly sourceConfigs?: Readonly<Record<string, string>>;
  readonly targetConfigs?: Readonly<Record<string, string>>;
  readonly timestamps?: Log["timestamps"];
  /** What of it old message formats can't hold. */
  readonly modernOnly?: "transactions" | "headers" | "batches";
  /** Holds on one source: what it is about does not depend on the broker. */
  readonly newestOnly?: true;
  /** Takes a Produce that older brokers don't speak. */
  readonly since?: KafkaVersion;
}

const appendTime = { "message.timestamp.type": "LogAppendTime" };
const keepAll = { "retention.ms": "-1" };
const compacted = {
  "cleanup.policy": "compact",
  "segment.ms": "1000",
  "min.cleanable.dirty.ratio": "0.01",
  "max.compaction.lag.ms": "1500",
};
const large = { "max.message.bytes": "11000000" };

const kinds: readonly Kind[] = [
  {
    title: "batches cut at the start",
    codecs,
    starts: [1_037, 0, 2_999],
    async fill({ produce, modern }) {
      const odd = { keys: "some", values: "some", headers: modern ? "some" : "none" } as const;
      for (const [partition, seed] of [7, 8, 9].entries()) {
        await produce({ count: 3_000, seed, ...odd, properties: batchesOf(100) }, partition);
      }
    },
  },
  {
    title: "batches of one record",
    codecs: ["none", "lz4"],
    starts: [3],
    fill: ({ produce }) => produce({ count: 300, properties: batchesOf(1) }),
  },
  {
    title: "transactions, the start inside a committed and inside an aborted one",
    codecs,
    starts: [57, 230],
    modernOnly: "transactions",
    async fill({ topic, produce }) {
      const outcomes = ["commit", "abort", undefined, "abort", "commit"] as const;
      for (const partition of [0, 1]) {
        for (const [seed, outcome] of outcomes.entries()) {
          const transaction = outcome && { id: `${topic}-${partition}`, outcome };
          const contents = {
            count: 150,
            seed,
            headers: "some",
            properties: batchesOf(40),
          } as const;
          await produce({ ...contents, ...(transaction && { transaction }) }, partition);
        }
      }
    },
  },
  {
    title:
      "compacted: gaps inside batches and at their ends, batches without records, no record at the start",
    codecs,
    starts: [20],
    sourceConfigs: compacted,
    targetConfigs: { "cleanup.policy": "compact" },
    async fill({ produce, cleaned }) {
      await produce({ records: records(2_000, overwritten), properties: batchesOf(50) });
      await cleaned();
    },
  },
  {
    title: "append times of the source",
    codecs: ["none", "snappy", "zstd"],
    starts: [25],
    sourceConfigs: appendTime,
    timestamps: "same but their type",
    fill: ({ produce }) => produce({ count: 300, properties: batchesOf(40) }),
  },
  {
    title: "append times of the target",
    codecs: ["gzip"],
    starts: [25],
    targetConfigs: appendTime,
    timestamps: "the target's own",
    fill: ({ produce }) => produce({ count: 300, properties: batchesOf(40) }),
  },
  {
    title: "append times of both",
    codecs: ["lz4"],
    starts: [25],
    sourceConfigs: appendTime,
    targetConfigs: appendTime,
    timestamps: "the target's own",
    fill: ({ produce }) => produce({ count: 300, properties: batchesOf(40) }),
  },
  {
    title: "null and empty keys, values and headers",
    codecs,
    starts: [2],
    modernOnly: "headers",
    fill: ({ produce }) => produce({ records: oddRecords }),
  },
  {
    title: "timestamps of -1 and 0, decades apart",
    codecs: ["none"],
    starts: [2, 0],
    sourceConfigs: keepAll,
    targetConfigs: keepAll,
    modernOnly: "batches",
    since: "1.1.1",
    async fill({ raw }) {
      const day = 86_400_000n;
      const times = [1n, 2n, -1n, 0n, 1_700_000_000_000n, 5n, 24n * day, 26n * day, -1n, 7n];
      await raw([buildBatch(times.map(recordAt))]);
      await raw([-1n, 0n, 3n].map((time) => buildBatch([recordAt(time, 0)])), 1);
    },
  },
  {
    title: "batches of ten megabytes of tiny records",
    codecs: ["none", "zstd"],
    starts: [123_457],
    sourceConfigs: large,
    targetConfigs: large,
    newestOnly: true,
    fill: ({ produce }) =>
      produce({
        count: 600_000,
        valueBytes: 8,
        keys: "none",
        properties: {
          ...batchesOf(1_000_000),
          "batch.size": "10485760",
          "message.max.bytes": "11000000",
          "linger.ms": "3000",
        },
      }),
  },
];

const batchesOf = (records: number): Readonly<Record<string, string>> => ({
  "batch.num.messages": `${records}`,
});

const recordAt = (timestamp: bigint, index: number): TestRecord => ({
  offset: BigInt(index),
  timestamp,
  key: utf8(`key-${index}`),
  value: utf8(`at ${timestamp}`),
  headers: [],
});

function records(
  count: number,
  make: (index: number) => readonly [key: string, value: string | null],
): readonly JudgedRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const [key, value] = make(index);
    return { key: btoa(key), value: value === null ? null : btoa(value) };
  });
}

/** Keys whose overwriting leaves every kind of gap in batches of 50. */
function overwritten(index: number): readonly [key: string, value: string | null] {
  const [batch, place] = [Math.floor(index / 50), index % 50];
  const value = place % 17 === 5 ? null : `value ${index} ${"x".repeat(60)}`;
  // Whole batches that nothing is left of, the first ones among them.
  if (batch < 3 || batch === 10 || batch === 11) return [`early-${place}`, value];
  if (batch === 35) return [`early-${place}`, value];
  // The producer's last batch, which stays although nothing is left of it.
  if (batch === 39) return [`key-${place % 3}`, value];
  // Tails.
  if (batch < 20 && place > 40) return [`tail-${place}`, value];
  // Holes.
  if (place % 3 === 1) return [`hole-${place}`, value];
  return [`kept-${batch}-${place}`, value];
}

const oddRecords: readonly JudgedRecord[] = (() => {
  const texts = [null, "", btoa("text"), btoa("\x00\xff\x80")];
  const headers: readonly (readonly (readonly [string, string | null])[])[] = [
    [],
    [["name", btoa("value")]],
    [["twice", btoa("1")], ["twice", btoa("2")], ["twice", btoa("1")]],
    [["", null], ["empty", ""], ["binary", btoa("\x00\xff\x80")], ["größe", btoa("x")]],
  ];
  return texts.flatMap((key) =>
    texts.flatMap((value) => headers.map((each) => ({ key, value, headers: each })))
  );
})();

/**
 * Makes all kinds of log on a source, each codec a topic, and a group that committed the starts.
 *
 * @param options `format` of its topics, one of `formatsOf`
 */
export async function fillLogs(
  judge: Judge,
  source: Broker,
  options: { readonly format?: MessageFormat } = {},
): Promise<readonly Log[]> {
  const { format } = options;
  const wanted = kinds
    .filter(({ modernOnly }) => format === undefined || modernOnly === undefined)
    .filter(({ newestOnly }) => newestOnly === undefined || source.version === "4.1.0")
    .filter(({ since }) => since === undefined || isSince(source.version, since))
    .filter(({ sourceConfigs }) => format !== "0.9.0" || sourceConfigs !== appendTime)
    .flatMap((kind) => kind.codecs.map((codec) => ({ kind, codec })))
    .filter(({ codec }) => codec !== "zstd" || knowsZstd(source.version, format))
    .map((each) => ({ ...each, topic: uniqueName(each.codec) }));
  await judge.createTopics(
    source.bootstrap,
    wanted.map(({ kind, topic }) => ({
      name: topic,
      partitions: kind.starts.length,
      configs: {
        ...knownConfigs(source.version, kind.sourceConfigs ?? {}),
        ...(format !== undefined && { "message.format.version": format }),
      },
    })),
  );
  return await Promise.all(
    wanted.map(({ kind, codec, topic }) => fillLog(judge, source, { kind, codec, topic, format })),
  );
}

const knowsZstd = (version: KafkaVersion, format: MessageFormat): boolean =>
  format === undefined && isSince(version, "2.3.1");

function knownConfigs(
  version: KafkaVersion,
  configs: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const { "max.compaction.lag.ms": lag, ...known } = configs;
  if (isSince(version, "2.3.1") || lag === undefined) return configs;
  // Before 2.3 nothing else makes the cleaner look at the few messages that came last.
  return { ...known, "min.cleanable.dirty.ratio": "0" };
}

/** What compaction has not left in a log yet. */
async function missingGaps(
  bootstrap: string,
  topic: string,
  modern: boolean,
): Promise<readonly string[]> {
  const batches = (await fetchRaw(bootstrap, { topic, partition: 0 })).map((bytes) => {
    const view = new DataView(bytes.buffer);
    const first = view.getBigInt64(0);
    // In old formats the offset is that of the last message, and nothing tells how many there were.
    return modern
      ? { first, lastDelta: view.getInt32(23), count: view.getInt32(57) }
      : { first, lastDelta: 0, count: 1 };
  });
  const [first] = batches;
  const found = {
    "a start that is gone": first !== undefined && first.first > 20n,
    "a batch that is gone": batches.some(({ first, lastDelta }, index) => {
      const next = batches[index + 1];
      return next !== undefined && next.first > first + BigInt(lastDelta) + 1n;
    }),
    ...(modern && {
      "a batch with gaps": batches.some(({ lastDelta, count }) => count > 0 && count <= lastDelta),
      "a batch without records": batches.some(({ count }) => count === 0),
    }),
  };
  return Object.entries(found).filter(([, isThere]) => !isThere).map(([what]) => what);
}

/** @throws Error unless the log has the message format it was made with */
async function assertMagic(bootstrap: string, topic: string, format?: string): Promise<void> {
  const [first] = await fetchRaw(bootstrap, { topic, partition: 0 });
  const expected = format === undefined ? 2 : format === "0.10.2" ? 1 : 0;
  if (first?.[16] !== expected) throw new Error(`${topic} has magic ${first?.[16]}`);
}

/** Brokers that librdkafka can't change the settings of clean no more when all but the newest segment is clean. */
async function untilUnchanged(bootstrap: string, topic: string): Promise<void> {
  const look = async (): Promise<string> =>
    (await fetchRaw(bootstrap, { topic, partition: 0 })).map((batch) => batch.toHex()).join();
  for (let before = await look(), tries = 0;; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const now = await look();
    if (now === before) return;
    if (tries > 15) throw new Error(`${topic} is cleaned again and again`);
    before = now;
  }
}

async function fillLog(
  judge: Judge,
  { bootstrap, version }: Broker,
  { kind, codec, topic, format }: {
    readonly kind: Kind;
    readonly codec: Codec;
    readonly topic: string;
    readonly format: MessageFormat;
  },
): Promise<Log> {
  const modern = format === undefined;
  const produce: Filling["produce"] = async (spec, partition = 0) => {
    const properties = {
      ...spec.properties,
      ...(!modern && { "enable.idempotence": "false" }),
    };
    await judge.produce(bootstrap, { ...spec, topic, partition, codec, properties });
  };
  await kind.fill({
    codec,
    topic,
    modern,
    produce,
    raw: (batches, partition = 0) => produceRaw(bootstrap, { topic, partition }, batches),
    cleaned: async () => {
      for (let tries = 0;; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 1_100));
        // Only segments that are no longer written to are cleaned.
        if (tries < 3) await produce({ count: 3, seed: tries });
        const missing = await missingGaps(bootstrap, topic, modern);
        if (missing.length === 0) break;
        if (tries > 30) throw new Error(`${topic} lacks ${missing.join(", ")} after compaction`);
      }
      // From here on the log stays as it is, so that it can be compared with later.
      if (!isSince(version, "2.3.1")) return await untilUnchanged(bootstrap, topic);
      await judge.alterTopicConfigs(bootstrap, topic, {
        "min.compaction.lag.ms": "86400000",
        "max.compaction.lag.ms": "86400000",
      });
      await new Promise((resolve) => setTimeout(resolve, 1_500));
    },
  });
  await assertMagic(bootstrap, topic, format);
  const partitions = await Promise.all(kind.starts.map(async (start, partition) => {
    const { highWatermark } = await judge.watermarks(bootstrap, topic, partition);
    return { start: BigInt(start), end: highWatermark };
  }));
  await judge.commitOffsets(
    bootstrap,
    `group-of-${topic}`,
    partitions.map(({ start }, partition) => ({ topic, partition, offset: start })),
  );
  return {
    title: `${kind.title}, ${codec}`,
    topic,
    partitions,
    targetConfigs: kind.targetConfigs ?? {},
    timestamps: format === "0.9.0" && kind.timestamps === undefined
      ? "same but their type"
      : kind.timestamps ?? "same",
  };
}
