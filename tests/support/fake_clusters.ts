/**
 * A source and a target in memory, for copies without a network: the source answers Fetch with whatever bytes a test
 * makes and ListOffsets, the target checks what a broker checks (CRC, offsets of the records, sequence) and keeps what
 * it is given. Nothing else is answered.
 */

import type { CopyResult, CopyTask } from "../../lib/copy/copy_task.ts";
import { type CopyOptions, startCopy } from "../../lib/copy/copy.ts";
import { formatTopicPartition } from "../../lib/model/topic_partition.ts";
import type { RequestFrame } from "../../lib/protocol/frame.ts";
import { ConnectionError } from "../../lib/wire/connection_error.ts";
import type { TopicMetadata } from "../../lib/protocol/metadata.ts";
import { ProtocolWriter } from "../../lib/protocol/protocol_writer.ts";
import { addressOf, askedOffsets, bodyOf, fakeCluster, readerOf } from "./fake_cluster.ts";
import { readBatch, type TestRecord } from "./record_batch_builder.ts";

/** A batch (or message of an old format) of a log. */
export interface FakeBatch {
  readonly bytes: Uint8Array;
  readonly last: bigint;
}

/** What a partition's leader says to a Fetch. */
export interface FakeLog {
  readonly batches: readonly FakeBatch[];
  readonly aborted?: readonly {
    readonly producerId: bigint;
    readonly firstOffset: bigint;
    /** Of its marker. */
    readonly lastOffset: bigint;
  }[];
  /** Where the log ends, if not with its last batch: compaction has taken what came after. */
  readonly endOffset?: bigint;
  /** Where the log starts; with its first batch, or before it, unless told. */
  readonly startOffset?: bigint;
  /** How many batches a response holds; all unless told. */
  readonly batchesPerResponse?: number;
  /** How often nothing comes although there is something; counted down. */
  readonly silent?: { times: number };
}

/** One partition of a copy between fakes. */
export interface FakePartition {
  readonly log: FakeLog;
  readonly startOffset: bigint;
  readonly endOffset: bigint;
  readonly rules?: CopyTask["rules"];
  readonly compacted?: boolean;
  /** Opens the records of what the target gets. */
  readonly open?: (bytes: Uint8Array, attributes: number) => Uint8Array;
}

/** What became of a partition. */
export interface FakeOutcome {
  readonly result: CopyResult;
  /** In the target's log, with the offsets there. */
  readonly records: readonly TestRecord[];
}

/**
 * Changes a partition's part of a Fetch response, from its error code to its last batch, before it is sent; it may give
 * another number for the partition.
 */
export type Damage = (partition: number, part: Uint8Array) => number | void;

const topic = "t";
const FETCH = 1;
const PRODUCE = 0;
const LIST_OFFSETS = 2;
const LATEST = -1n;
const OFFSET_OUT_OF_RANGE = 1;
const node = 1;

/** How the clusters are, beyond the logs. */
export interface FakeSettings {
  /** The topic's id on the target, when the copy begins; the plan's is `planned`. */
  readonly targetTopicId?: string;
  /** The source answers no question about its topics. */
  readonly sourceSilent?: boolean;
  /** The source may tell a high watermark that is behind, after an election (before Kafka 2.2). */
  readonly beforeKip207?: boolean;
}

/** Copies partitions of one topic, and says what became of each; `warn` is told what the log is. */
export async function copyBetweenFakes(
  partitions: readonly FakePartition[],
  damage: Damage = () => {},
  warn: (text: string) => void = () => {},
  { targetTopicId = "planned", sourceSilent = false, beforeKip207 = false }: FakeSettings = {},
): Promise<readonly FakeOutcome[]> {
  const target = fakeTarget(partitions);
  const leaders = new Map(
    partitions.map((_, partition) => [partition, { nodeId: node, leaderEpoch: 0 }]),
  );
  const brokers = {
    nodes: [node],
    // As over a network: what needs no answer is quicker.
    latencyMs: (what: "request" | "metadata") => what === "metadata" ? 20 : 0,
    versions: new Map([
      [FETCH, { min: 11, max: 11 }],
      [LIST_OFFSETS, { min: 3, max: beforeKip207 ? 3 : 5 }],
      [PRODUCE, { min: 8, max: 8 }],
    ]),
  };
  const options: CopyOptions = {
    source: fakeCluster("source", {
      ...brokers,
      answer: (frame) =>
        frame.apiKey === LIST_OFFSETS
          ? listOffsets(frame, partitions)
          : fetch(frame, partitions, damage),
      topics() {
        if (!sourceSilent) return topicsOf(partitions.length, "planned");
        throw new ConnectionError("silent", addressOf("source", node), "no answer");
      },
    }),
    target: fakeCluster("target", {
      ...brokers,
      answer: target.produce,
      topics: () => topicsOf(partitions.length, targetTopicId),
    }),
    tasks: partitions.map(({ startOffset, endOffset, rules, compacted = false }, partition) => ({
      topic,
      partition,
      startOffset,
      endOffset,
      compacted,
      before: { records: 0n, targetOffset: 0n },
      stored: { records: 0n, targetOffset: 0n },
      rules: rules ?? { logAppendTime: false },
    })),
    identity: { producerId: 77n, producerEpoch: 0 },
    sourceTopics: new Map([[topic, { topicId: "planned", leaders }]]),
    targetTopics: new Map([[topic, { topicId: "planned" }]]),
    giveUpAfterMs: sourceSilent ? 500 : 60_000,
    log: { info() {}, warning: warn },
    onAcknowledged() {},
    onEpoch() {},
    onLost() {},
    onSettled() {},
    signal: new AbortController().signal,
  };
  const results = await startCopy(options).results;
  return results.map((result) => ({
    result,
    records: target.logs.get(formatTopicPartition(result)) ?? [],
  }));
}

function topicsOf(partitions: number, topicId: string): readonly TopicMetadata[] {
  return [{
    errorCode: 0,
    topic,
    topicId,
    internal: false,
    partitions: Array.from({ length: partitions }, (_, partition) => ({
      errorCode: 0,
      partition,
      leader: node,
      leaderEpoch: 0,
      replicas: 1,
    })),
  }];
}

/** Answers a Fetch 11. */
function fetch(
  frame: RequestFrame,
  partitions: readonly FakePartition[],
  damage: Damage,
): Uint8Array {
  const request = readerOf(frame);
  request.skip(4 + 4 + 4 + 4 + 1 + 4 + 4);
  const writer = new ProtocolWriter(1 << 16).int32(0).int16(0).int32(0);
  const asked = request.array(() => {
    request.string();
    return request.array(() => {
      const partition = request.int32();
      request.int32();
      const offset = request.int64();
      request.skip(12);
      return { partition, offset };
    });
  }).flat();
  writer.int32(1).string(topic).array(asked, ({ partition, offset }) => {
    const part = fetchedPart(partitions[partition]!.log, offset);
    writer.int32(damage(partition, part) ?? partition).raw(part);
  });
  return writer.bytes.slice();
}

/** Answers a ListOffsets 3. */
function listOffsets(frame: RequestFrame, partitions: readonly FakePartition[]): Uint8Array {
  const writer = new ProtocolWriter().int32(0).int32(1).string(topic);
  writer.array(askedOffsets(frame), ({ partition, timestamp }) => {
    const { log } = partitions[partition]!;
    const offset = timestamp === LATEST ? endOf(log) : log.startOffset ?? 0n;
    writer.int32(partition).int16(0).int64(-1n).int64(offset);
  });
  return writer.bytes.slice();
}

const endOf = ({ batches, endOffset }: FakeLog) => endOffset ?? (batches.at(-1)?.last ?? -1n) + 1n;

/** From the error code to the records. */
function fetchedPart(
  log: FakeLog,
  offset: bigint,
): Uint8Array {
  const { batches, aborted = [], batchesPerResponse = Infinity, startOffset = 0n } = log;
  const end = endOf(log);
  if (offset < startOffset || offset > end) {
    return new ProtocolWriter().int16(OFFSET_OUT_OF_RANGE).int64(-1n).int64(-1n).int64(-1n)
      .int32(0).int32(-1).int32(0).bytes.slice();
  }
  const from = batches.findIndex(({ last }) => last >= offset);
  const silent = log.silent !== undefined && log.silent.times-- > 0;
  const sent = from < 0 || silent ? [] : batches.slice(from, from + batchesPerResponse);
  const size = sent.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const writer = new ProtocolWriter().int16(0).int64(end).int64(end).int64(0n);
  const listed = aborted.filter(({ lastOffset }) => lastOffset >= offset);
  writer.array(listed, (each) => writer.int64(each.producerId).int64(each.firstOffset))
    .int32(-1).int32(size);
  for (const { bytes } of sent) writer.raw(bytes);
  return writer.bytes.slice();
}

const NONE = 0;
const CORRUPT_MESSAGE = 2;
const OUT_OF_ORDER_SEQUENCE = 45;
const INVALID_RECORD = 87;

/** A target that answers Produce 8 as brokers do, each batch judged alone. */
function fakeTarget(partitions: readonly FakePartition[]): {
  readonly produce: (frame: RequestFrame) => Uint8Array;
  readonly logs: ReadonlyMap<string, readonly TestRecord[]>;
} {
  const logs = new Map<string, TestRecord[]>();
  function append(partition: number, bytes: Uint8Array): [errorCode: number, offset: bigint] {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const attributes = view.getInt16(21);
    // The CRC is looked at before anything it covers.
    let sound: boolean;
    let records: readonly TestRecord[] = [];
    let batch: ReturnType<typeof readBatch> | undefined;
    try {
      batch = readBatch(
        bytes,
        (section) => partitions[partition]?.open?.(section, attributes) ?? section,
      );
      ({ records } = batch);
      sound = batch.crcIsRight;
    } catch {
      sound = false;
    }
    if (!sound || batch === undefined) return [CORRUPT_MESSAGE, -1n];
    const key = formatTopicPartition({ topic, partition });
    const log = logs.get(key) ?? [];
    logs.set(key, log);
    const dense = batch.lastOffsetDelta === batch.recordCount - 1 && records.length > 0 &&
      records.length === batch.recordCount && batch.baseOffset === 0n;
    if (!dense || (attributes & 0x30) !== 0) return [INVALID_RECORD, -1n];
    if (batch.baseSequence < log.length) return [NONE, BigInt(batch.baseSequence)];
    if (batch.baseSequence > log.length) return [OUT_OF_ORDER_SEQUENCE, -1n];
    const baseOffset = BigInt(log.length);
    log.push(...records.map((record) => ({ ...record, offset: baseOffset + record.offset })));
    return [NONE, baseOffset];
  }
  function produce(frame: RequestFrame): Uint8Array {
    const request = readerOf(frame);
    request.nullableString();
    request.skip(2 + 4);
    const bytes = bodyOf(frame);
    const answers = request.array(() => {
      request.string();
      return request.array(() => {
        const partition = request.int32();
        const size = request.int32();
        const at = request.skip(size);
        return { partition, answer: append(partition, bytes.subarray(at, at + size)) };
      });
    }).flat();
    const writer = new ProtocolWriter().int32(1).string(topic);
    writer.array(answers, ({ partition, answer: [errorCode, offset] }) => {
      writer.int32(partition).int16(errorCode).int64(offset).int64(-1n).int64(0n).int32(0)
        .string(null);
    });
    return writer.int32(0).bytes.slice();
  }
  return { produce, logs };
}
