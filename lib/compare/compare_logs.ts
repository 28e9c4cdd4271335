// Two logs compared record by record, in order: key, value, headers, timestamp. Batches that
// are the same on both sides are compared as bytes and not decompressed. It reads once and holds one batch of each side.

import { Buffer } from "node:buffer";
import {
  attributes,
  BASE_TIMESTAMP_POSITION,
  CODEC_MASK,
  isDense,
  LOG_APPEND_TIME,
  PRODUCER_ID_POSITION,
  RECORDS_POSITION,
} from "../batch/record_batch.ts";
import { type Failure, failure } from "../model/failure.ts";
import {
  type ForeignBatch,
  keyOf,
  type LogBatch,
  type OpenedRecords,
  partsOf,
} from "./log_batch.ts";
import { type LogCursor, openCursor } from "./log_cursor.ts";
import { createMissingKeys, EVERY_KEY, type KeyShare, type MissingKeys } from "./missing_keys.ts";

/** What may differ without being wrong. */
export interface CompareRules {
  /** The source may have lost messages to compaction since they were copied. */
  readonly sourceCompacted: boolean;
  /** The target may have lost messages to compaction; later ones of the same keys must be there. */
  readonly targetCompacted: boolean;
  /** Which keys of missing messages are looked after in this reading. */
  readonly keys?: KeyShare;
}

/** What a comparison comes to. */
export interface Comparison {
  /** Messages that were found alike on both sides. */
  readonly equal: bigint;
  /** Messages missing on the target, each with a later one of its key. */
  readonly compacted: bigint;
  /** Messages of ours on the target that the source no longer has, where it is compacted. */
  readonly goneFromSource: bigint;
  /** Messages whose timestamps were not compared, since the target has set its own (LogAppendTime). */
  readonly withoutTimestamp: bigint;
  /** The first difference. */
  readonly difference?: Failure;
  /** Too many keys were missing for one reading: to be repeated with the halves of its share. */
  readonly overflowed?: true;
}

/** Compares two logs. @throws {CorruptBatchError} where a batch is damaged, and what the readers throw */
export async function compareLogs(
  source: AsyncIterator<LogBatch>,
  target: AsyncIterator<LogBatch>,
  rules: CompareRules,
): Promise<Comparison> {
  const missing = createMissingKeys(rules.keys ?? EVERY_KEY);
  const walk = new Walk(openCursor(source), openCursor(target), rules, missing);
  const difference = await walk.run();
  return {
    equal: walk.equal,
    compacted: walk.compacted,
    goneFromSource: walk.goneFromSource,
    withoutTimestamp: walk.withoutTimestamp,
    ...(difference !== undefined && { difference }),
    ...(missing.overflowed && { overflowed: true }),
  };
}

class Walk {
  equal = 0n;
  compacted = 0n;
  goneFromSource = 0n;
  withoutTimestamp = 0n;
  /** Records of the source already passed: the number of the one it stands at, unless compaction has taken some. */
  #number = 0n;

  constructor(
    readonly source: LogCursor,
    readonly target: LogCursor,
    readonly rules: CompareRules,
    readonly missing: MissingKeys,
  ) {}

  /** @returns the first difference */
  async run(): Promise<Failure | undefined> {
    const { source, target } = this;
    while (true) {
      const [ours, theirs] = [await source.batch(), await this.#ownBatch()];
      if (ours === undefined && theirs === undefined) {
        await this.#readOthers();
        return this.#unmet();
      }
      if (ours !== undefined && theirs !== undefined && this.#alike(ours, theirs)) {
        this.#count(theirs, BigInt(ours.recordCount));
        if (this.rules.targetCompacted) this.#meetAll(target.records());
        source.nextBatch();
        target.nextBatch();
        continue;
      }
      const difference = this.#step(ours, theirs);
      if (difference !== undefined) return difference;
    }
  }

  /** The target's next batch that is ours; batches of others before it only count as later messages of their keys. */
  async #ownBatch(): Promise<LogBatch | undefined> {
    for (let batch; (batch = await this.target.batch()) !== undefined;) {
      if (batch.foreign === undefined) return batch;
      // Batches after all of ours are read last, once all missing records are known.
      if (batch.foreign.behind) return undefined;
      this.#meetForeign(batch.foreign);
    }
    return undefined;
  }

  /** What others wrote after all of our records. */
  async #readOthers(): Promise<void> {
    for (let batch; (batch = await this.target.batch()) !== undefined;) {
      this.missing.goOn();
      if (batch.foreign !== undefined) this.#meetForeign(batch.foreign);
    }
  }

  #meetForeign({ transaction, marker }: ForeignBatch): void {
    const { target, missing } = this;
    if (!this.rules.targetCompacted) return target.nextBatch();
    if (marker !== undefined) missing.endTransaction(transaction ?? -1n, marker === "commit");
    else {
      const records = target.records();
      for (let index = 0; index < records.count; index++) {
        const key = keyOf(records, index);
        if (key !== undefined) missing.meetForeign(key, transaction);
      }
    }
    target.nextBatch();
  }

  /** Whether both stand before batches with the same records, as far as bytes tell. */
  #alike(ours: LogBatch, theirs: LogBatch): boolean {
    if (!this.source.atBatchStart || !this.target.atBatchStart) return false;
    if (ours.size !== theirs.size || ours.recordCount !== theirs.recordCount) return false;
    if (!this.rules.sourceCompacted && theirs.firstNumber !== this.#number) return false;
    const [one, other] = [
      attributes(ours.view, ours.position),
      attributes(
        theirs.view,
        theirs.position,
      ),
    ];
    if ((one & CODEC_MASK) !== (other & CODEC_MASK)) return false;
    if (!isDense(ours.view, ours.position) || !isDense(theirs.view, theirs.position)) return false;
    if ((one & LOG_APPEND_TIME) !== 0) return false;
    if (
      (other & LOG_APPEND_TIME) === 0 &&
      !sameBytes(ours, theirs, BASE_TIMESTAMP_POSITION, PRODUCER_ID_POSITION)
    ) return false;
    return sameBytes(ours, theirs, RECORDS_POSITION, ours.size);
  }

  /** Compares a record of each side, or passes over one that the other side may lack. @returns a difference */
  #step(ours: LogBatch | undefined, theirs: LogBatch | undefined): Failure | undefined {
    const { source, target, rules } = this;
    if (theirs === undefined) return this.#miss("where its log ends");
    if (ours === undefined) return this.#surplus();
    const [a, b] = [source.records(), target.records()];
    if (rules.sourceCompacted && !rules.targetCompacted) {
      if (this.#differs(a, b, theirs) !== undefined) return this.#surplus();
    } else {
      const delta = b.offsetDeltas[target.index] ?? target.index;
      const number = (theirs.firstNumber ?? 0n) + BigInt(delta);
      if (number > this.#number) return this.#miss(`before target offset ${target.offset()}`);
      if (number < this.#number) {
        const text =
          `The target holds a message of the migration twice, the second time at offset ${target.offset()}`;
        return failure("TARGET_HOLDS_TWICE", text);
      }
      const part = this.#differs(a, b, theirs);
      if (part !== undefined) {
        const text =
          `The message at source offset ${source.offset()} and the one at target offset ${target.offset()} differ in their ${part}`;
        return failure("MESSAGE_DIFFERS", text);
      }
    }
    if (rules.targetCompacted) this.#meet(b, target.index);
    this.#count(theirs, 1n);
    source.nextRecord();
    target.nextRecord();
    return undefined;
  }

  /** The target lacks the source's record. */
  #miss(where: string): Failure | undefined {
    const { source, rules } = this;
    const offset = source.offset();
    const key = rules.targetCompacted ? keyOf(source.records(), source.index) : undefined;
    if (key === undefined) {
      const text = `The message at source offset ${offset} is missing on the target, ${where}`;
      return failure("MESSAGE_MISSING", text);
    }
    this.missing.miss(key, offset);
    this.compacted++;
    this.#number++;
    source.nextRecord();
    return undefined;
  }

  /** The source lacks the target's record. */
  #surplus(): Failure | undefined {
    const { target, rules } = this;
    if (!rules.sourceCompacted) {
      const text =
        `The target holds a message of the migration at offset ${target.offset()} that the source's range does not`;
      return failure("TARGET_HOLDS_MORE", text);
    }
    this.goneFromSource++;
    this.missing.goOn();
    if (rules.targetCompacted) this.#meet(target.records(), target.index);
    target.nextRecord();
    return undefined;
  }

  #count(theirs: LogBatch, records: bigint): void {
    this.missing.goOn();
    this.equal += records;
    this.#number += records;
    if (hasAppendTime(theirs)) this.withoutTimestamp += records;
  }

  #meet(records: OpenedRecords, index: number): void {
    const key = keyOf(records, index);
    if (key !== undefined) this.missing.meet(key);
  }

  #meetAll(records: OpenedRecords): void {
    for (let index = 0; index < records.count; index++) this.#meet(records, index);
  }

  /** What differs between the records both stand at. */
  #differs(a: OpenedRecords, b: OpenedRecords, theirs: LogBatch): string | undefined {
    const [i, j] = [this.source.index, this.target.index];
    const sameBody = Buffer.compare(
      a.bytes.subarray(a.starts[i], a.ends[i]),
      b.bytes.subarray(b.starts[j], b.ends[j]),
    ) === 0;
    if (!sameBody) return differingParts(a, i, b, j);
    return a.timestamps[i] === b.timestamps[j] || hasAppendTime(theirs) ? undefined : "timestamp";
  }

  #unmet(): Failure | undefined {
    const { first } = this.missing;
    if (first === undefined) return undefined;
    const text =
      `The message at source offset ${first.offset} is missing on the target, which holds no later one of its key`;
    return failure("MESSAGE_MISSING", text);
  }
}

function hasAppendTime({ view, position }: LogBatch): boolean {
  return (attributes(view, position) & LOG_APPEND_TIME) !== 0;
}

function differingParts(a: OpenedRecords, i: number, b: OpenedRecords, j: number): string {
  const [one, other] = [partsOf(a, i), partsOf(b, j)];
  const names = ["key", "value", "headers"] as const;
  const differing = names.filter((name) => {
    const [left, right] = [one[name], other[name]];
    if (left === undefined || right === undefined) return left !== right;
    return Buffer.compare(left, right) !== 0;
  });
  return differing.join(" and ");
}

function sameBytes(a: LogBatch, b: LogBatch, from: number, to: number): boolean {
  return Buffer.compare(
    a.bytes.subarray(a.position + from, a.position + to),
    b.bytes.subarray(b.position + from, b.position + to),
  ) === 0;
}
