/**
 * Malformed Fetch responses: real logs, mutilated at random, given to what reads them. Whatever comes, it must be read
 * as something, or refused with one of the errors that are meant for that, in little time. Refuses to judge whether what
 * was read is right: damage_test.ts does.
 */

import { compress } from "../../lib/codec/codec.ts";
import { CorruptBatchError } from "../../lib/batch/corrupt_batch_error.ts";
import { crcMatches } from "../../lib/batch/check.ts";
import { cutBatches } from "../../lib/copy/cut.ts";
import type { TargetRules } from "../../lib/copy/cut_types.ts";
import { mergeBelow } from "../../lib/copy/merge_below.ts";
import { mergeSmall } from "../../lib/copy/merge_small.ts";
import { PartitionCopy } from "../../lib/copy/partition_copy.ts";
import { decodeFetch, type FetchedPartition } from "../../lib/protocol/fetch.ts";
import { ProtocolError } from "../../lib/protocol/protocol_reader.ts";
import { ProtocolWriter } from "../../lib/protocol/protocol_writer.ts";
import { takeUsed } from "./laid_batches.ts";
import { JAVA_BATCHES, javaBytes } from "./java_batches.ts";
import { buildMessages } from "./legacy_message_builder.ts";
import { buildBatch, fixCrc, type TestRecord, testRecords } from "./record_batch_builder.ts";

/** Numbers drawn from a seed: `below(n)` is an integer from 0 to before n. */
export interface Random {
  readonly below: (limit: number) => number;
}

/** The same numbers for the same seed (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed | 0;
  return {
    below(limit) {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 * limit);
    },
  };
}

const pick = <Item>({ below }: Random, items: readonly Item[]): Item => items[below(items.length)]!;

/** Longer than this is a hang. */
const mostMs = 2_000;

/**
 * Reads one malformed response, made from the seed.
 *
 * @throws Error when it is read in a way it must not be; the seed makes it come again
 */
export function fuzzFetch(seed: number): void {
  const random = randomOf(seed);
  const bytes = mutilate(responseOf(random), random);
  const started = performance.now();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frame = { bytes, view, start: 0, end: bytes.length, release() {} };
  let partitions: readonly FetchedPartition[];
  try {
    ({ partitions } = decodeFetch(11, frame));
  } catch (error) {
    if (error instanceof ProtocolError) return;
    throw error;
  }
  for (const fetched of partitions) read(frame, fetched, random);
  const took = performance.now() - started;
  if (took > mostMs) throw new Error(`Reading took ${Math.round(took)} ms`);
}

/** As the source lane does. */
function read(
  frame: { readonly bytes: Uint8Array; readonly view: DataView },
  fetched: FetchedPartition,
  random: Random,
): void {
  const fromOffset = BigInt(random.below(1_006));
  const range = { fromOffset, untilOffset: fromOffset + BigInt(1 + random.below(40)) };
  const rules: TargetRules = {
    logAppendTime: random.below(4) === 0,
    ...(random.below(3) === 0 && { maxBatchBytes: 100 + random.below(400) }),
  };
  const below = mergeBelow(random.below(100), 1 + random.below(10));
  const runs = random.below(2) === 0 ? { below, take: takeUsed } : undefined;
  /** Merging changes the bytes, and every response brings new ones. */
  const response = () => {
    const bytes = frame.bytes.slice();
    return { bytes, view: new DataView(bytes.buffer), ...fetched };
  };
  let cut = cutBatches(response(), range, rules, runs);
  const { carried } = cut;
  if (carried?.unprovenOffset !== undefined) {
    cut = cutBatches(response(), { ...range, carried }, rules, runs);
  }
  cut = mergeSmall(cut, rules, {
    below: below.opened,
    checkEach: random.below(4) === 0,
    take: takeUsed,
  });
  expect(cut.nextOffset >= range.fromOffset, "reading goes back");
  expect(cut.nextOffset <= range.untilOffset, "reading goes beyond the range");
  let next = range.fromOffset;
  for (const { bytes, position, size, firstOffset, nextOffset, ...batch } of cut.batches) {
    expect(firstOffset >= next && nextOffset > firstOffset, "batches overlap");
    expect(batch.recordCount > 0, "a batch has no records");
    expect(BigInt(batch.recordCount) <= nextOffset - firstOffset, "more records than offsets");
    expect(position >= 0 && position + size <= bytes.length, "a batch lies outside its bytes");
    expect(
      batch.passedThrough || crcMatches(batch.view, position, size),
      "a batch of our own is wrong",
    );
    next = nextOffset;
  }
  const copy = new PartitionCopy({
    topic: "t",
    partition: 0,
    startOffset: range.fromOffset,
    endOffset: range.untilOffset,
    identity: { producerId: 1n, producerEpoch: 0 },
    before: { records: 0n, targetOffset: 0n },
    stored: { records: BigInt(random.below(3)), targetOffset: 3n },
    rules,
  });
  try {
    copy.accept(cut, () => () => {});
  } catch (error) {
    if (!(error instanceof CorruptBatchError)) throw error;
  }
}

function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(`Wrongly read: ${otherwise}`);
}

/** A response as a broker sends it: some partitions with batches of every kind. */
function responseOf(random: Random): Uint8Array {
  const writer = new ProtocolWriter(4096).int32(0).int16(0).int32(0);
  const partitions = Array.from({ length: 1 + random.below(3) }, (_, partition) => partition);
  writer.int32(1).string("t").array(partitions, (partition) => {
    const records = logOf(random);
    const aborted = Array.from({ length: random.below(3) }, () => random.below(40));
    writer.int32(partition).int16(0).int64(2_000n).int64(2_000n).int64(0n)
      .array(aborted, (first) => writer.int64(BigInt(first % 3)).int64(BigInt(first)));
    writer.int32(-1).int32(records.length).raw(records);
  });
  return writer.bytes.slice();
}

function logOf(random: Random): Uint8Array {
  const parts: Uint8Array[] = [];
  let offset = random.below(20);
  const count = 1 + random.below(5);
  for (let index = 0; index < count; index++) {
    offset += pick(random, [0, 0, 0, 5]);
    const records = testRecords(offset, offset + 1 + random.below(6));
    parts.push(batchOf(random, records));
    offset += records.length;
  }
  if (random.below(4) === 0) parts.push(javaBytes(pick(random, JAVA_BATCHES)));
  return join(parts);
}

const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

function batchOf(random: Random, records: readonly TestRecord[]): Uint8Array {
  const codec = random.below(5);
  const kept = random.below(3) === 0 ? records.filter((_, index) => index % 2 === 0) : records;
  const kind = random.below(8);
  if (kind === 0) {
    return buildMessages(records.map((record) => ({ ...record, magic: random.below(2) })));
  }
  const attributes = kind === 1
    ? TRANSACTIONAL | CONTROL
    : codec | pick(random, [0, 0, 0, 0x08, TRANSACTIONAL, 0x40]);
  return buildBatch(kept, {
    attributes,
    baseOffset: records[0]?.offset ?? 0n,
    lastOffset: records.at(-1)?.offset ?? 0n,
    producerId: BigInt(random.below(3)),
    ...((attributes & 7) !== 0 && { compress: (bytes) => compress(codec, bytes) }),
  });
}

/** Numbers that lie where something changes. */
const edges = [0, 1, -1, 2, 11, 12, 60, 61, 127, 128, 255, 256, 65_535, 2 ** 31 - 1, -(2 ** 31)];

function mutilate(sound: Uint8Array, random: Random): Uint8Array {
  let bytes = sound;
  for (let times = random.below(4); times >= 0; times--) {
    const at = random.below(Math.max(1, bytes.length - 8));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    switch (random.below(9)) {
      case 0:
      case 1:
        bytes[at] = bytes[at]! ^ (1 << random.below(8));
        break;
      case 2:
        bytes[at] = random.below(256);
        break;
      case 3:
        if (at + 4 <= bytes.length) view.setInt32(at, pick(random, edges));
        break;
      case 4:
        bytes.fill(random.below(256), at, at + random.below(16));
        break;
      case 5:
        bytes = bytes.slice(0, bytes.length - random.below(bytes.length));
        break;
      case 6: {
        const part = bytes.slice(at, at + random.below(80));
        bytes = join([bytes.slice(0, at), part, bytes.slice(at)]);
        break;
      }
      case 7:
        bytes = join([bytes.slice(0, at), bytes.slice(at + random.below(40))]);
        break;
      case 8:
        mutilateBatch(bytes, random);
    }
  }
  return bytes;
}

/** Changes a batch and gives it the right CRC again: what is checked behind the CRC must hold too. */
function mutilateBatch(bytes: Uint8Array, random: Random): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = random.below(bytes.length); at + 61 <= bytes.length; at++) {
    const size = 12 + view.getInt32(at + 8);
    if (bytes[at + 16] !== 2 || size < 61 || size > bytes.length - at) continue;
    const batch = bytes.subarray(at, at + size);
    const place = 21 + random.below(size - 21);
    if (random.below(2) === 0) batch[place] = batch[place]! ^ (1 << random.below(8));
    else if (place + 4 <= size) view.setInt32(at + place, pick(random, edges));
    fixCrc(batch);
    return;
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
