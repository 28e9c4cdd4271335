/**
 * Two clusters in memory that answer as Kafka's brokers may: leaders move, connections end before and after a request
 * was taken, logs seem shorter than they are or empty, answers are errors, requests outlive their connection, others
 * write to the target, messages expire. The target keeps idempotent producers apart as a broker does. Everything is
 * drawn; after enough of it the brokers are well again, so that a copy has to end.
 */

import type { Cluster, ClusterRole } from "../../lib/kafka/cluster.ts";
import type { ClusterSnapshot } from "../../lib/core/snapshot.ts";
import { APIS } from "../../lib/wire/apis.ts";
import type { RequestFrame } from "../../lib/wire/connection.ts";
import { ConnectionError } from "../../lib/wire/connection_error.ts";
import type { TopicMetadata } from "../../lib/wire/metadata.ts";
import { ProtocolWriter } from "../../lib/wire/protocol_writer.ts";
import { addressOf, askedOffsets, fakeCluster, readerOf } from "./fake_cluster.ts";
import type { Random } from "./fetch_fuzz.ts";
import { buildBatch, readBatch, type TestRecord, testRecords } from "./record_batch_builder.ts";
import { openRecords, type UnrulyLog } from "./unruly_log.ts";

/** The one topic there is. */
export const UNRULY_TOPIC = "t";
const NODES = [1, 2];
const LATEST = -1n;

const CODES = {
  outOfRange: 1,
  leaderNotAvailable: 5,
  notLeader: 6,
  corrupt: 2,
  tooLarge: 10,
  outOfOrder: 45,
  fencedProducer: 47,
  unknownProducer: 59,
  fencedEpoch: 74,
  unknownEpoch: 75,
  invalidRecord: 87,
};
/** What a leader may answer to a Fetch and take back a moment later. */
const FETCH_TROUBLES = [-1, 3, 5, 6, 7, 8, 9, 13, 56, 74, 75, 78, 100];
/** To a Produce, without having stored anything, or although it has. */
const PRODUCE_TROUBLES = [-1, 2, 3, 5, 6, 7, 8, 13, 19, 56];
const STORED_TROUBLES = [-1, 7, 13, 20];

/** Nothing special. */
export const NO_SETTINGS = {
  ...{ logAppendTime: false, compacted: false },
  ...{ values: new Map<string, string>(), own: new Set<string>() },
};

/** DescribeConfigs 2 of somebody who may see none. */
const NO_CONFIGS = new ProtocolWriter().int32(0).int32(0).bytes.slice();

/** How the clusters behave. */
export interface Unruliness {
  readonly random: Random;
  /** How much may go wrong before all is well. */
  troubles: number;
  /** Whether the target tells how far producers got (Kafka ≥ 2.8). */
  readonly describesProducers: boolean;
  /** Where given, the target now and then forgets our producer, and refuses then what does not begin an epoch (Kafka < 2.5). */
  readonly forgets?: Random;
  /** Whether messages of the source may expire. */
  readonly expires: boolean;
  /** Whether the source's log is compacted, now and then. */
  readonly compacts: boolean;
  /** Whether others write to the target. */
  readonly crowded: boolean;
  /** The target's `max.message.bytes`; anything goes where absent. */
  readonly maxMessageBytes?: number;
}

/** A batch in the target's log. */
interface StoredBatch {
  /** As it was sent, with its offset. */
  readonly bytes: Uint8Array;
  readonly first: bigint;
  readonly last: bigint;
  readonly ours: boolean;
  readonly records: readonly TestRecord[];
}

/** A partition of the target. */
export interface TargetLog {
  readonly batches: readonly StoredBatch[];
  readonly endOffset: bigint;
  /** What our producer has stored, in order. */
  readonly records: readonly TestRecord[];
}

/** Both clusters. */
export interface UnrulyClusters {
  readonly source: Cluster;
  readonly target: Cluster;
  readonly targetLogs: readonly TargetLog[];
  /** Nobody has written to the target for long: it forgets our producer. */
  forget(): void;
  /** As a look at a cluster finds it. */
  snapshot(role: ClusterRole): ClusterSnapshot;
}

/** Makes them. @param producerId whose records are ours */
export function createUnrulyClusters(
  logs: readonly UnrulyLog[],
  producerId: bigint,
  behaviour: Unruliness,
): UnrulyClusters {
  const { random } = behaviour;
  /** Something goes wrong, one time in `times`. */
  const trouble = (times: number): boolean => {
    if (behaviour.troubles === 0 || random.below(times) > 0) return false;
    behaviour.troubles--;
    return true;
  };
  const leaders = {
    source: logs.map(() => ({ nodeId: NODES[0]!, leaderEpoch: 3 })),
    target: logs.map(() => ({ nodeId: NODES[0]!, leaderEpoch: 3 })),
  };
  const targetLogs = logs.map(() => createTargetLog(producerId, behaviour));
  const pick = <Item>(items: readonly Item[]): Item => items[random.below(items.length)]!;

  function moveLeaders(role: ClusterRole): void {
    for (const leader of leaders[role]) {
      if (!trouble(40)) continue;
      const before = leader.nodeId;
      leader.nodeId = pick(NODES);
      leader.leaderEpoch++;
      if (role === "target" && leader.nodeId !== before) {
        targetLogs[leaders.target.indexOf(leader)]?.mayRemember();
      }
    }
  }

  function broken(role: ClusterRole, nodeId: number): ConnectionError {
    return new ConnectionError("closed", addressOf(role, nodeId), "the connection was reset");
  }

  function topicsOf(role: ClusterRole): readonly TopicMetadata[] {
    if (trouble(10)) throw broken(role, NODES[0]!);
    if (trouble(15)) {
      return [{ errorCode: 3, topic: UNRULY_TOPIC, internal: false, partitions: [] }];
    }
    return [{
      ...{ errorCode: 0, topic: UNRULY_TOPIC, topicId: `${role}-id`, internal: false },
      partitions: leaders[role].map(({ nodeId, leaderEpoch }, partition) => ({
        ...{ errorCode: 0, partition, leaderEpoch, replicas: behaviour.forgets ? 2 : 1 },
        leader: trouble(20) ? -1 : nodeId,
      })),
    }];
  }

  function cluster(
    role: ClusterRole,
    answers: ReadonlyMap<number, (frame: RequestFrame, nodeId: number) => Uint8Array>,
  ): Cluster {
    return fakeCluster(role, {
      nodes: NODES,
      versions: new Map([
        [APIS.Fetch.key, { min: 11, max: 11 }],
        [APIS.ListOffsets.key, { min: 3, max: 5 }],
        [APIS.Produce.key, { min: 8, max: 8 }],
        [APIS.DescribeConfigs.key, { min: 0, max: 2 }],
        ...(behaviour.describesProducers
          ? [[APIS.DescribeProducers.key, { min: 0, max: 0 }] as const]
          : []),
      ]),
      latencyMs: () => random.below(4) === 0 ? random.below(30) : 1,
      outlives: () => random.below(2) === 0,
      refuses: (nodeId) =>
        trouble(10)
          ? new ConnectionError("unreachable", addressOf(role, nodeId), "connection refused")
          : undefined,
      topics: () => topicsOf(role),
      answer(frame, nodeId) {
        moveLeaders(role);
        if (trouble(30)) throw broken(role, nodeId);
        const response = frame.apiKey === APIS.DescribeConfigs.key
          ? NO_CONFIGS
          : answers.get(frame.apiKey)?.(frame, nodeId);
        if (response === undefined) throw new Error(`Nobody answers API key ${frame.apiKey}`);
        // It was done, and nobody learns of it.
        if (trouble(30)) throw broken(role, nodeId);
        return response;
      },
    });
  }

  /** Answers a Fetch 11; `part` gives what a partition has, from where the fetch begins. */
  function fetch(
    role: ClusterRole,
    frame: RequestFrame,
    nodeId: number,
    part: (partition: number, offset: bigint, committedOnly: boolean) => FetchPart,
  ): Uint8Array {
    const request = readerOf(frame);
    request.skip(4 + 4 + 4);
    let room = request.int32();
    const committedOnly = request.int8() === 1;
    request.skip(4 + 4);
    const asked = request.array(() => {
      request.string();
      return request.array(() => {
        const [partition, epoch, offset] = [request.int32(), request.int32(), request.int64()];
        request.skip(8);
        return { partition, epoch, offset, maxBytes: request.int32() };
      });
    }).flat();
    const throttled = trouble(40);
    const writer = new ProtocolWriter(1 << 16).int32(throttled ? 20 : 0).int16(0).int32(0);
    // Above a quota a broker answers without any partition (KIP-219).
    const answered = throttled ? [] : asked.filter(() => !trouble(60));
    let empty = true;
    writer.int32(1).string(UNRULY_TOPIC).array(
      answered,
      ({ partition, epoch, offset, ...each }) => {
        const leader = leaders[role][partition]!;
        const code = trouble(12)
          ? pick(FETCH_TROUBLES)
          : leader.nodeId !== nodeId
          ? CODES.notLeader
          : epoch >= 0 && epoch < leader.leaderEpoch
          ? CODES.fencedEpoch
          : epoch > leader.leaderEpoch
          ? CODES.unknownEpoch
          : 0;
        const found = code === 0 ? part(partition, offset, committedOnly) : { errorCode: code };
        writer.int32(partition).int16(found.errorCode);
        if (!("batches" in found)) {
          writer.int64(-1n).int64(-1n).int64(-1n).int32(0).int32(-1).int32(0);
          return;
        }
        const bytes = withinLimits(found.batches, Math.min(room, each.maxBytes), empty, random);
        room -= bytes.length;
        empty &&= bytes.length === 0;
        writer.int64(found.highWatermark).int64(found.lastStableOffset).int64(found.logStartOffset)
          .array(
            found.aborted,
            ({ producerId, firstOffset }) => writer.int64(producerId).int64(firstOffset),
          )
          .int32(-1).int32(bytes.length).raw(bytes);
      },
    );
    return writer.bytes.slice();
  }

  function sourcePart(partition: number, offset: bigint, committedOnly: boolean): FetchPart {
    const log = logs[partition]!;
    if (behaviour.expires && random.below(12) === 0) log.expire(random);
    if (behaviour.compacts && trouble(12)) log.compact(random);
    if (offset < log.logStartOffset || offset > log.endOffset) {
      return { errorCode: CODES.outOfRange };
    }
    // Who has just taken over may not know how far the log is replicated (KIP-207), or stable.
    const highWatermark = trouble(25) ? drawnOffset(log.endOffset) : log.endOffset;
    const lastStableOffset = trouble(25) ? drawnOffset(highWatermark) : highWatermark;
    const end = committedOnly ? lastStableOffset : highWatermark;
    // What lies in tiered storage may not come in time; compacted topics do not lie there (KIP-405).
    const batches = !behaviour.compacts && trouble(25)
      ? []
      : log.batches.filter(({ first, last }) => last >= offset && first < end);
    const aborted = log.aborted.filter(({ lastOffset }) => lastOffset >= offset);
    const { logStartOffset } = log;
    return { errorCode: 0, batches, highWatermark, lastStableOffset, logStartOffset, aborted };
  }

  function targetPart(partition: number, offset: bigint): FetchPart {
    const { batches, endOffset: logEnd, readableEnd: endOffset } = targetLogs[partition]!;
    if (offset > logEnd) return { errorCode: CODES.outOfRange };
    const highWatermark = trouble(10) ? drawnOffset(endOffset) : endOffset;
    const here = trouble(10)
      ? []
      : batches.filter(({ first, last }) => last >= offset && first < highWatermark);
    return {
      ...{ errorCode: 0, highWatermark, lastStableOffset: -1n, logStartOffset: 0n, aborted: [] },
      batches: here,
    };
  }

  function drawnOffset(end: bigint): bigint {
    return BigInt(random.below(Number(end) + 1));
  }

  function listOffsets(
    role: ClusterRole,
    frame: RequestFrame,
    nodeId: number,
    log: (partition: number) => Pick<UnrulyLog, "logStartOffset" | "endOffset">,
  ): Uint8Array {
    const writer = new ProtocolWriter().int32(0).int32(1).string(UNRULY_TOPIC);
    writer.array(askedOffsets(frame), ({ partition, timestamp }) => {
      const { logStartOffset, endOffset } = log(partition);
      const code = leaders[role][partition]!.nodeId !== nodeId
        ? CODES.notLeader
        : trouble(20)
        ? CODES.leaderNotAvailable
        : 0;
      writer.int32(partition).int16(code).int64(-1n)
        .int64(code !== 0 ? -1n : timestamp === LATEST ? endOffset : logStartOffset);
    });
    return writer.bytes.slice();
  }

  function produce(frame: RequestFrame, nodeId: number): Uint8Array {
    const request = readerOf(frame);
    request.nullableString();
    request.skip(2 + 4);
    const body = frame.body[0]!;
    const answers = request.array(() => {
      request.string();
      return request.array(() => {
        const [partition, size] = [request.int32(), request.int32()];
        const at = request.skip(size);
        return { partition, batch: body.slice(at, at + size) };
      });
    }).flat().map(({ partition, batch }) => {
      if (leaders.target[partition]!.nodeId !== nodeId) return { partition, code: CODES.notLeader };
      if (trouble(15)) return { partition, code: pick(PRODUCE_TROUBLES) };
      const { code, offset } = targetLogs[partition]!.append(batch);
      if (code === 0 && trouble(20)) return { partition, code: pick(STORED_TROUBLES) };
      return { partition, code, offset };
    });
    const writer = new ProtocolWriter().int32(1).string(UNRULY_TOPIC);
    writer.array(answers, ({ partition, code, offset = -1n }) => {
      writer.int32(partition).int16(code).int64(code === 0 ? offset : -1n).int64(-1n).int64(0n)
        .int32(0).string(null);
    });
    return writer.int32(trouble(40) ? 20 : 0).bytes.slice();
  }

  function describeProducers(frame: RequestFrame, nodeId: number): Uint8Array {
    const request = readerOf(frame);
    const asked = request.compactArray(() => {
      request.compactString();
      const partitions = request.compactArray(() => request.int32());
      request.skipTags();
      return partitions;
    }).flat();
    const writer = new ProtocolWriter().int32(0);
    writer.compactArray([UNRULY_TOPIC], (topic) => {
      writer.compactString(topic).compactArray(asked, (partition) => {
        const leads = leaders.target[partition]!.nodeId === nodeId;
        const { lastSequence } = targetLogs[partition]!;
        writer.int32(partition).int16(leads ? 0 : CODES.notLeader).uvarint(0);
        writer.compactArray(leads && lastSequence >= 0 ? [lastSequence] : [], (sequence) => {
          writer.int64(producerId).int32(0).int32(sequence).int64(-1n).int32(-1).int64(-1n)
            .noTags();
        }).noTags();
      }).noTags();
    });
    return writer.noTags().bytes.slice();
  }

  return {
    source: cluster(
      "source",
      new Map([
        [APIS.Fetch.key, (frame, nodeId) => fetch("source", frame, nodeId, sourcePart)],
        [
          APIS.ListOffsets.key,
          (frame, nodeId) => listOffsets("source", frame, nodeId, (partition) => logs[partition]!),
        ],
      ]),
    ),
    target: cluster(
      "target",
      new Map([
        [APIS.Produce.key, produce],
        [APIS.Fetch.key, (frame, nodeId) => fetch("target", frame, nodeId, targetPart)],
        [APIS.DescribeProducers.key, describeProducers],
        [
          APIS.ListOffsets.key,
          (frame, nodeId) =>
            listOffsets("target", frame, nodeId, (partition) => ({
              logStartOffset: 0n,
              endOffset: targetLogs[partition]!.readableEnd,
            })),
        ],
      ]),
    ),
    targetLogs,
    forget: () => targetLogs.forEach((log) => log.forget()),
    snapshot(role) {
      const partitions = leaders[role].map(({ nodeId, leaderEpoch }, partition) => {
        const { logStartOffset = 0n, endOffset } = role === "source"
          ? logs[partition]!
          : { endOffset: targetLogs[partition]!.endOffset };
        const offsets = { logStartOffset, highWatermark: endOffset, lastStableOffset: endOffset };
        return { partition, leader: nodeId, leaderEpoch, offsets };
      });
      const { maxMessageBytes } = behaviour;
      const named = { topic: UNRULY_TOPIC, topicId: `${role}-id`, internal: false };
      const topic = {
        ...{ ...named, partitions },
        ...(role === "target" && maxMessageBytes !== undefined && {
          settings: { ...NO_SETTINGS, maxMessageBytes },
        }),
      };
      return {
        clusterId: role,
        brokers: NODES.map((nodeId) => ({ nodeId, address: `${role}:${nodeId}` })),
        topics: new Map([[UNRULY_TOPIC, topic]]),
        groups: [],
      };
    },
  };
}

type FetchPart = { readonly errorCode: number } | {
  readonly errorCode: 0;
  readonly batches: readonly { readonly bytes: Uint8Array }[];
  readonly highWatermark: bigint;
  readonly lastStableOffset: bigint;
  readonly logStartOffset: bigint;
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[];
};

/**
 * The batches as a response holds them: to the end of a segment at most, cut off anywhere, also in mid-batch, but the
 * first one whole where the response holds nothing yet (KIP-74).
 */
function withinLimits(
  batches: readonly { readonly bytes: Uint8Array }[],
  limit: number,
  first: boolean,
  random: Random,
): Uint8Array {
  const writer = new ProtocolWriter(1 << 12);
  const segment = random.below(4) === 0 ? batches.length : 1 + random.below(4);
  for (const { bytes } of batches.slice(0, segment)) writer.raw(bytes);
  const firstSize = batches[0]?.bytes.length ?? 0;
  const most = Math.max(Math.min(limit, writer.bytes.length), first ? firstSize : 0);
  const size = random.below(3) === 0 && most > firstSize
    ? firstSize + random.below(most - firstSize)
    : most;
  return size < firstSize ? new Uint8Array(0) : writer.bytes.slice(0, size);
}

/** So many batches of a producer a broker remembers. */
const REMEMBERED = 5;
/** No request takes longer to arrive. */
const LATEST_ARRIVAL_MS = 1_000;
/** Until a replica follows, or its leader does without it. */
const LONGEST_STALE_MS = 15_000;

/** A batch of ours, as a broker remembers it. */
interface RememberedBatch {
  readonly epoch: number;
  readonly first: number;
  readonly last: number;
  readonly offset: bigint;
}

function createTargetLog(producerId: bigint, behaviour: Unruliness) {
  const { random, crowded, maxMessageBytes, forgets } = behaviour;
  const batches: StoredBatch[] = [];
  let endOffset = 0n;
  /** The newest batches of ours, oldest first. */
  let remembered: readonly RememberedBatch[] = [];
  /** What a broker knows that has not forgotten it. */
  let inLog: readonly RememberedBatch[] = [];
  let forgottenAt = -Infinity;
  /** A leader that has just taken over tells an end of the past (Kafka < 2.2). */
  let stale: { readonly until: number; readonly end: bigint } | undefined;
  /** When a batch came last that begins an epoch. */
  let begunAt = -Infinity;

  function forget(): void {
    remembered = [];
    forgottenAt = performance.now();
  }

  function store(bytes: Uint8Array, records: readonly TestRecord[], ours: boolean): bigint {
    const first = endOffset;
    endOffset += BigInt(records.length);
    new DataView(bytes.buffer, bytes.byteOffset).setBigInt64(0, first);
    batches.push({ bytes, records, first, last: endOffset - 1n, ours });
    return first;
  }

  function others(): void {
    const records = testRecords(0, 1 + random.below(3));
    store(buildBatch(records, { baseOffset: 0n, producerId: 5n, baseSequence: 0 }), records, false);
  }

  if (crowded && random.below(2) === 0) others();
  return {
    batches,
    get endOffset() {
      return endOffset;
    },
    get records() {
      return batches.filter(({ ours }) => ours).flatMap(({ records }) => records);
    },
    /** −1 where our producer is not known. */
    get lastSequence() {
      return remembered.at(-1)?.last ?? -1;
    },
    forget,
    /** Another broker leads, which may not have forgotten; what was on its way before that has arrived. */
    mayRemember() {
      if (forgets === undefined) return;
      if (forgets.below(2) === 0) {
        const end = BigInt(forgets.below(Number(endOffset) + 1));
        stale = { end, until: performance.now() + LONGEST_STALE_MS };
      }
      if (performance.now() < forgottenAt + LATEST_ARRIVAL_MS) return;
      if (forgets.below(2) === 0) remembered = inLog;
    },
    /** The high watermark as far as the leader knows it. */
    get readableEnd() {
      return stale !== undefined && performance.now() < stale.until ? stale.end : endOffset;
    },
    append(bytes: Uint8Array): { readonly code: number; readonly offset: bigint } {
      if (crowded && random.below(6) === 0) others();
      const refused = (code: number) => ({ code, offset: -1n });
      if (bytes.length > (maxMessageBytes ?? Infinity)) return refused(CODES.tooLarge);
      let batch: ReturnType<typeof readBatch>;
      try {
        batch = readBatch(bytes, openRecords(bytes));
      } catch {
        return refused(CODES.corrupt);
      }
      const { attributes, baseSequence, records, recordCount } = batch;
      if (!batch.crcIsRight) return refused(CODES.corrupt);
      const dense = batch.lastOffsetDelta === recordCount - 1 && records.length > 0 &&
        records.length === recordCount && batch.baseOffset === 0n;
      if (!dense || (attributes & 0x30) !== 0 || batch.producerId !== producerId) {
        return refused(CODES.invalidRecord);
      }
      const epoch = batch.producerEpoch;
      const begins = baseSequence === 0;
      const now = performance.now();
      // What begins an epoch is stored without asking for more: a copy of it that is still under way would be, too.
      const mayForget = now > begunAt + LATEST_ARRIVAL_MS;
      if (mayForget && forgets?.below(20) === 0 && behaviour.troubles > 0) forget();
      if (begins) begunAt = now;
      const last = baseSequence + recordCount - 1;
      const again = remembered.find((each) =>
        each.epoch === epoch && each.first === baseSequence && each.last === last
      );
      if (again !== undefined) return { code: 0, offset: again.offset };
      const newest = remembered.at(-1);
      if (newest === undefined) {
        if (forgets !== undefined && !begins) return refused(CODES.unknownProducer);
      } else if (epoch < newest.epoch) return refused(CODES.fencedProducer);
      else if (baseSequence !== (epoch > newest.epoch ? 0 : newest.last + 1)) {
        return refused(CODES.outOfOrder);
      }
      const offset = store(bytes, records, true);
      // With acks=all its answer tells that it is replicated.
      stale = undefined;
      const stored = { epoch, first: baseSequence, last, offset };
      const known = newest?.epoch === epoch ? remembered : [];
      remembered = inLog = [...known, stored].slice(-REMEMBERED);
      return { code: 0, offset };
    },
  };
}
