/**
 * A backlog that takes a while to copy: several partitions with all codecs, mixed batch sizes and odd records, behind
 * links that delay each answer of the target. Refuses to say what is wrong beyond the first partition that differs.
 */

import assert from "node:assert/strict";
import { type Clusters, uniqueName } from "./cluster_pair.ts";
import type { ConfigContent } from "./migration_dir.ts";
import { type Links, startLinks } from "./slow_links.ts";
import type { SlowRun } from "./slow_run.ts";

/** What is wanted; everything has a default. */
export interface SlowBacklogSpec {
  readonly partitions?: number;
  readonly messages?: number;
  readonly valueBytes?: number;
  /** Committed offset of every partition. */
  readonly committed?: number;
  readonly replicationFactor?: number;
  readonly sourceConfigs?: Readonly<Record<string, string>>;
  readonly targetConfigs?: Readonly<Record<string, string>>;
  /** How much later the target's answers arrive, ms. */
  readonly delayMs?: number;
  /** Which clusters are reached through proxies, the target unless told. */
  readonly through?: readonly ("source" | "target")[];
  /** Bytes of a batch on the source at most, differing by partition unless told. */
  readonly batchBytes?: number;
  /** Whether a second group has committed further on, in each partition at another offset. */
  readonly groupAhead?: boolean;
  /** Of all partitions; each another one unless told. */
  readonly codec?: (typeof CODECS)[number];
}

/** A backlog that was made. */
export interface SlowBacklog extends AsyncDisposable {
  readonly topic: string;
  readonly partitions: number;
  readonly committed: number;
  readonly messages: number;
  /** The links to the target. */
  readonly target: Links;
  /** The links to the source, where it is reached through them. */
  readonly source: Links;
  /** A config that migrates this topic; the given keys win. */
  readonly config: (more?: ConfigContent) => ConfigContent;
  /** Bytes that went to the target so far. */
  readonly sent: () => number;
  /** Waits until a run has sent so many bytes, 200 kB unless told. @throws Error where it ends before */
  readonly inMidCopy: (run: SlowRun, bytes?: number) => Promise<void>;
  /** Asserts that both groups find on the target, from what is committed there, what they had left on the source. */
  readonly assertGroupsGoOn: () => Promise<void>;
  /** Asserts that the target holds exactly the planned messages, in order, by librdkafka's digests. */
  readonly assertArrived: (
    range?: { readonly end?: number; readonly at?: number },
  ) => Promise<void>;
}

const CODECS = ["none", "lz4", "zstd", "gzip", "snappy"] as const;
const BATCH_BYTES = [16_384, 8_192, 4_096, 12_000] as const;
/** Keeps batches small, so that there are many requests to disturb. */
const MAX_MESSAGE_BYTES = "20000";

/** Makes the topic on both sides, fills the source and commits. */
export async function makeSlowBacklog(
  clusters: Clusters,
  spec: SlowBacklogSpec = {},
): Promise<SlowBacklog> {
  const { partitions = 4, messages = 4_000, valueBytes = 500, committed = 111 } = spec;
  const { replicationFactor = 1, delayMs = 25, through = ["target"] } = spec;
  const topic = uniqueName("slow");
  const { judge } = clusters;
  const create = (side: "source" | "target", configs: Readonly<Record<string, string>> = {}) =>
    judge.createTopics(clusters[side].bootstrap, [
      {
        name: topic,
        partitions,
        // A cluster of fewer brokers has as many replicas as it can.
        replicationFactor: Math.min(replicationFactor, clusters[side].brokers.length),
        configs: { "max.message.bytes": MAX_MESSAGE_BYTES, ...configs },
      },
    ]);
  await Promise.all([create("source", spec.sourceConfigs), create("target", spec.targetConfigs)]);
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  await Promise.all(all.map((partition) =>
    judge.produce(clusters.source.bootstrap, {
      topic,
      partition,
      count: messages,
      valueBytes,
      seed: partition,
      keys: "some",
      values: "some",
      codec: spec.codec ?? CODECS[partition % CODECS.length] ?? "none",
      compressible: partition % 2 === 0,
      properties: {
        "linger.ms": "5",
        "batch.size": `${spec.batchBytes ?? BATCH_BYTES[partition % BATCH_BYTES.length]}`,
      },
    })
  ));
  await judge.commitOffsets(
    clusters.source.bootstrap,
    `${topic}-group`,
    all.map((partition) => ({ topic, partition, offset: BigInt(committed) })),
  );
  const ahead = all.map((partition) => {
    const share = (partition * 37 + 13) % 101;
    const offset = committed + Math.floor((messages - committed) * share / 100);
    return { topic, partition, offset: BigInt(offset) };
  });
  if (spec.groupAhead === true) {
    await judge.commitOffsets(clusters.source.bootstrap, `${topic}-ahead`, ahead);
  }
  const source = startLinks(clusters.source);
  const target = startLinks(clusters.target, { delayMs: { toClient: delayMs } });
  const way = (side: "source" | "target", links: Links) =>
    through.includes(side) ? links.config : { bootstrapServers: clusters[side].bootstrap };
  return {
    topic,
    partitions,
    committed,
    messages,
    source,
    target,
    config: (more = {}) => ({
      checkFlag: 1,
      source: way("source", source),
      target: way("target", target),
      topics: { include: [topic] },
      ...more,
    }),
    sent: () => target.forwarded("toServer"),
    inMidCopy: async (run, bytes = 200_000) => {
      const before = target.forwarded("toServer");
      if (await run.until(() => target.forwarded("toServer") > before + bytes)) return;
      throw new Error(`The run ended before it was in mid-copy: ${(await run.ended).output}`);
    },
    assertGroupsGoOn: async () => {
      for (const group of [`${topic}-group`, `${topic}-ahead`]) {
        const sides = [clusters.source.bootstrap, clusters.target.bootstrap];
        const [before = [], after = []] = await Promise.all(
          sides.map((bootstrap) => judge.committedOffsets(bootstrap, group)),
        );
        assert.equal(after.length, before.length, group);
        for (const { partition, offset } of before) {
          const on = after.find((each) => each.partition === partition)?.offset;
          assert.ok(on !== undefined, `${group}, partition ${partition}`);
          const [left, found] = await Promise.all([
            judge.read(sides[0] ?? "", topic, partition, { start: offset }),
            judge.read(sides[1] ?? "", topic, partition, { start: on }),
          ]);
          assert.deepEqual([found.count, found.digest], [left.count, left.digest], group);
        }
      }
    },
    assertArrived: async ({ end = messages, at = 0 } = {}) => {
      for (const partition of all) {
        const expected = await judge.read(clusters.source.bootstrap, topic, partition, {
          start: BigInt(committed),
          end: BigInt(end),
        });
        const found = await judge.read(clusters.target.bootstrap, topic, partition, {
          start: BigInt(at),
        });
        assert.equal(found.count, expected.count, `${topic}-${partition}`);
        assert.equal(found.digest, expected.digest, `${topic}-${partition}`);
      }
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([source[Symbol.asyncDispose](), target[Symbol.asyncDispose]()]);
    },
  };
}
