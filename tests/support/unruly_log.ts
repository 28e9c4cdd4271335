/** A log of the source, drawn: batches of every size and codec, transactions that were committed or aborted, gaps. */

import { compress, decompress } from "../../lib/codec/codec.ts";
import type { Random } from "./fetch_fuzz.ts";
import { buildBatch, type TestRecord, testRecords } from "./record_batch_builder.ts";

const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const LOG_APPEND_TIME = 0x08;
const CODECS = 5;

/** A partition's log on the source. */
export interface UnrulyLog {
  readonly logStartOffset: bigint;
  readonly endOffset: bigint;
  readonly batches: readonly {
    readonly bytes: Uint8Array;
    readonly first: bigint;
    readonly last: bigint;
  }[];
  readonly aborted: readonly {
    readonly producerId: bigint;
    readonly firstOffset: bigint;
    /** Of its marker. */
    readonly lastOffset: bigint;
  }[];
  /** Every record that a consumer would have got who reads committed ones, whether it expired or was compacted. */
  readonly records: readonly TestRecord[];
  /** Those that compaction has left. */
  readonly survivors: readonly TestRecord[];
  /** Lets the oldest messages expire. */
  expire(random: Random): void;
  /** Takes messages out of all but the newest batches, or batches whole. */
  compact(random: Random): void;
  /** Producers go on. */
  grow(random: Random): void;
}

/** Opens the records of a batch. */
export function openRecords(batch: Uint8Array): (section: Uint8Array) => Uint8Array {
  const codec = new DataView(batch.buffer, batch.byteOffset).getInt16(21) & 7;
  return (section) => codec === 0 ? section : decompress(codec, section, 10_000_000);
}

interface StoredBatch {
  bytes: Uint8Array;
  readonly first: bigint;
  readonly last: bigint;
}

interface Transaction {
  aborted: boolean;
}

/** What a producer has written. */
interface Written {
  readonly batch: StoredBatch;
  readonly encode: (kept: readonly TestRecord[]) => Uint8Array;
  readonly records: readonly TestRecord[];
  /** What compaction has left of them. */
  kept: readonly TestRecord[];
  readonly transaction?: Transaction;
}

/** The newest batches lie in a segment that is still written to. */
const NEVER_COMPACTED = 3;

/** Draws one. */
export function drawLog(random: Random): UnrulyLog {
  const codec = random.below(CODECS);
  const largest = [1, 1, 4, 40][random.below(4)]!;
  const [transactional, gaps] = [random.below(3) === 0, random.below(3) === 0];
  // The broker has set the timestamps: of each batch one, in its header.
  const appendTime = random.below(6) === 0;
  const batches: StoredBatch[] = [];
  const aborted: { producerId: bigint; firstOffset: bigint; lastOffset: bigint }[] = [];
  const written: Written[] = [];
  const open = new Map<bigint, { firstOffset: bigint; transaction: Transaction }>();
  let offset = random.below(40);
  const logStart = BigInt(offset);

  function write(all: readonly TestRecord[], attributes: number, producerId: bigint): void {
    const isControl = (attributes & CONTROL) !== 0;
    const [first, last] = [all[0]!.offset, all.at(-1)!.offset];
    const appendedAt = appendTime && !isControl ? 1_800_000_000_000n + first : undefined;
    const records = all.filter(() => !gaps || isControl || random.below(4) > 0)
      .map((each) => appendedAt === undefined ? each : { ...each, timestamp: appendedAt });
    const encode = (kept: readonly TestRecord[]) => {
      const used = kept.length === 0 || isControl ? 0 : codec;
      return buildBatch(kept, {
        ...{ baseOffset: first, lastOffset: last, producerId },
        attributes: attributes | used | (appendedAt === undefined ? 0 : LOG_APPEND_TIME),
        ...(appendedAt !== undefined && { baseTimestamp: 7n, maxTimestamp: appendedAt }),
        ...(used !== 0 && { compress: (section: Uint8Array) => compress(codec, section) }),
      });
    };
    const batch = { first, last, bytes: encode(records) };
    batches.push(batch);
    offset = Number(last) + 1;
    if (isControl) return;
    const transaction = open.get(producerId)?.transaction;
    written.push({ batch, encode, records, kept: records, ...(transaction && { transaction }) });
  }

  function end(producerId: bigint): void {
    const { firstOffset, transaction } = open.get(producerId)!;
    open.delete(producerId);
    transaction.aborted = random.below(2) === 0;
    const lastOffset = BigInt(offset);
    if (transaction.aborted) aborted.push({ producerId, firstOffset, lastOffset });
    const [record] = testRecords(offset, offset + 1);
    const key = Uint8Array.of(0, 0, 0, transaction.aborted ? 0 : 1);
    write([{ ...record!, key, value: new Uint8Array(6) }], TRANSACTIONAL | CONTROL, producerId);
  }

  function grow(random: Random): void {
    for (let count = random.below(150); count > 0; count--) {
      const records = testRecords(offset, offset + 1 + random.below(largest));
      const producerId = BigInt(1 + random.below(2));
      const ends = open.has(producerId) && random.below(3) === 0;
      if (!transactional || random.below(3) === 0) write(records, 0, -1n);
      else if (ends) end(producerId);
      else {
        if (!open.has(producerId)) {
          open.set(producerId, {
            firstOffset: BigInt(offset),
            transaction: { aborted: false },
          });
        }
        write(records, TRANSACTIONAL, producerId);
      }
    }
    for (const producerId of [...open.keys()]) end(producerId);
  }

  write(testRecords(offset, offset + 1), 0, -1n);
  grow(random);
  let logStartOffset = logStart;
  return {
    batches,
    aborted,
    get logStartOffset() {
      return logStartOffset;
    },
    get endOffset() {
      return BigInt(offset);
    },
    get records() {
      return written.flatMap(({ records, transaction }) => transaction?.aborted ? [] : records);
    },
    get survivors() {
      return written.flatMap(({ kept, transaction }) => transaction?.aborted ? [] : kept);
    },
    grow,
    compact({ below }) {
      const { last = 0n } = batches.at(-NEVER_COMPACTED) ?? {};
      for (const each of written) {
        if (each.batch.last >= last || below(2) === 0) continue;
        each.kept = each.kept.filter(() => below(3) > 0);
        each.batch.bytes = each.encode(each.kept);
        const at = each.kept.length === 0 ? batches.indexOf(each.batch) : -1;
        if (at >= 0 && below(2) === 0) batches.splice(at, 1);
      }
    },
    expire({ below }) {
      logStartOffset += BigInt(below(Number(BigInt(offset) - logStartOffset) + 1)) / 3n;
      while (batches[0] !== undefined && batches[0].last < logStartOffset) batches.shift();
    },
  };
}
