/**
 * A topic with a backlog, made for one test: filled on the source, empty on the target, committed on by groups. Its
 * name is nobody else's, and the config that comes with it looks at nothing else.
 */

import assert from "node:assert/strict";
import { type Clusters, uniqueName } from "./cluster_pair.ts";
import type { ProduceSpec } from "./librdkafka.ts";
import type { ConfigContent } from "./migration_dir.ts";

/** What is wanted. */
export interface BacklogSpec {
  /** What the topic's name begins with. */
  readonly stem?: string;
  /** Messages on the source, a partition each. */
  readonly messages: readonly number[];
  /** Committed offsets a partition by group; `undefined`: the group has not committed there. */
  readonly committed?: Readonly<Record<string, readonly (number | undefined)[]>>;
  /** How many partitions on the target, as many as on the source unless told; 0: no such topic. */
  readonly targetPartitions?: number;
  /** Settings of the source's topic. */
  readonly configs?: Readonly<Record<string, string>>;
  /** What the messages look like. */
  readonly contents?: Omit<ProduceSpec, "topic" | "partition" | "count">;
}

/** A topic that was made. */
export interface Backlog {
  readonly topic: string;
  /** A group's name on the cluster. */
  readonly group: (name: string) => string;
  /** A config that migrates this topic alone; the given keys win. */
  readonly config: (more?: ConfigContent) => ConfigContent;
}

/** A config for the pair. */
export function configOf({ source, target }: Clusters, more: ConfigContent = {}): ConfigContent {
  return {
    checkFlag: 1,
    source: { bootstrapServers: source.bootstrap },
    target: { bootstrapServers: target.bootstrap },
    ...more,
  };
}

/** Makes a topic with its backlog. */
export async function makeBacklog(clusters: Clusters, spec: BacklogSpec): Promise<Backlog> {
  const { source, target, judge } = clusters;
  const { messages, committed = {}, targetPartitions = messages.length, contents } = spec;
  const topic = uniqueName(spec.stem ?? "topic");
  const group = (name: string) => `${topic}-${name}`;
  await Promise.all([
    judge.createTopics(source.bootstrap, [
      { name: topic, partitions: messages.length, configs: spec.configs ?? {} },
    ]),
    ...(targetPartitions === 0
      ? []
      : [judge.createTopics(target.bootstrap, [{ name: topic, partitions: targetPartitions }])]),
  ]);
  await Promise.all(
    messages.flatMap((count, partition) =>
      count === 0 ? [] : [
        judge.produce(source.bootstrap, {
          seed: partition,
          ...contents,
          topic,
          partition,
          count,
        }),
      ]
    ),
  );
  for (const [name, offsets] of Object.entries(committed)) {
    await judge.commitOffsets(
      source.bootstrap,
      group(name),
      offsets.flatMap((offset, partition) =>
        offset === undefined ? [] : [{ topic, partition, offset: BigInt(offset) }]
      ),
    );
  }
  return {
    topic,
    group,
    config: (more = {}) => configOf(clusters, { topics: { include: [topic] }, ...more }),
  };
}

/**
 * Asserts that a target partition holds the source's messages from `start` to before `end`, or to the last, byte for
 * byte, and nothing else from target offset `at` on.
 */
export async function assertCopied(
  { source, target, judge }: Clusters,
  topic: string,
  partition: number,
  range: { readonly start: number; readonly end?: number; readonly at?: number },
): Promise<void> {
  const expected = await judge.read(source.bootstrap, topic, partition, {
    start: BigInt(range.start),
    ...(range.end !== undefined && { end: BigInt(range.end) }),
  });
  const found = await judge.read(target.bootstrap, topic, partition, {
    start: BigInt(range.at ?? 0),
  });
  assert.equal(found.count, expected.count, `${topic}-${partition}`);
  assert.equal(found.digest, expected.digest, `${topic}-${partition}`);
}

/** Asserts that a group has left the same on both sides: from its committed offsets on, the same messages follow. */
export async function assertGoesOn(
  { source, target, judge }: Clusters,
  topic: string,
  group: string,
  partitions: readonly number[],
): Promise<void> {
  const [from, to] = await Promise.all(
    [source, target].map(({ bootstrap }) => judge.committedOffsets(bootstrap, group)),
  );
  for (const partition of partitions) {
    const [left, right] = [from, to].map((offsets) =>
      offsets?.find((each) => each.topic === topic && each.partition === partition)?.offset
    );
    assert.ok(
      left !== undefined && right !== undefined,
      `${group}, ${partition}: ${left} ${right}`,
    );
    const [rest, found] = await Promise.all([
      judge.read(source.bootstrap, topic, partition, { start: left }),
      judge.read(target.bootstrap, topic, partition, { start: right }),
    ]);
    assert.deepEqual(
      [found.count, found.digest],
      [rest.count, rest.digest],
      `${group}, ${partition}`,
    );
  }
}

/** Waits until some partitions of the target hold so many offsets together. @returns how many. @throws Error after 120 s */
export async function untilTargetHolds(
  { target, judge }: Clusters,
  topic: string,
  partitions: readonly number[],
  least: bigint,
): Promise<bigint> {
  const deadline = performance.now() + 120_000;
  for (;;) {
    const ends = await Promise.all(
      partitions.map((partition) => judge.watermarks(target.bootstrap, topic, partition)),
    );
    const held = ends.reduce((sum, { highWatermark }) => sum + highWatermark, 0n);
    if (held >= least) return held;
    if (performance.now() > deadline) {
      throw new Error(`Waited 120 s in vain: ${topic} holds ${held} of ${least} messages`);
    }
  }
}

/** How many messages a target partition holds, by its watermarks. */
export async function targetCount(
  { target, judge }: Clusters,
  topic: string,
  partition = 0,
): Promise<number> {
  const { logStart, highWatermark } = await judge.watermarks(target.bootstrap, topic, partition);
  return Number(highWatermark - logStart);
}
