// Merges runs of small batches before they are framed, where sending them unchanged would be slower: a produce request
// holds one batch of a partition, so that batches of one record mean a request for every record. Larger batches are
// sent unchanged. This file merges uncompressed batches of several records, and batches that must be decompressed for
// it; cut.ts has merged the others.

import { viewed } from "../codec/copy_back.ts";
import { DamagedMemberError, mergeBatches } from "../merge/merge.ts";
import type { TakeMemory } from "../merge/merge_limits.ts";
import { mergePlain } from "../merge/merge_plain.ts";
import { attributes, CODEC_MASK } from "../batch/record_batch.ts";
import { recordsBefore } from "./cut.ts";
import type { Cut, CutBatch, TargetRules } from "./cut_types.ts";
import { mergedBytes } from "./merge_below.ts";

/** Merged records may take a little more than their batches did, where these held many. */
const MARGIN = 0.85;

/** How small batches are merged. */
export interface SmallMerging {
  /** Batches with fewer bytes in the log than this are small, by codec id. */
  readonly below: readonly number[];
  /** Whether to check each batch's CRC, even where damage would also show in the merged batch. */
  readonly checkEach: boolean;
  /** Gives memory where merged uncompressed batches do not fit into the place of the originals. */
  readonly take: TakeMemory;
}

/** Returns the cut with its runs of small batches merged. */
export function mergeSmall(
  cut: Cut,
  { maxBatchBytes, logAppendTime }: TargetRules,
  merging: SmallMerging,
): Cut {
  if (cut.batches.length < 2 || logAppendTime) return cut;
  const most = mergedBytes(maxBatchBytes);
  const limit = Math.floor(most * MARGIN);
  const batches: CutBatch[] = [];
  let run: CutBatch[] = [];
  let runBytes = 0;
  try {
    const finishRun = () => {
      mergeRun(run, most, merging, batches);
      run = [];
      runBytes = 0;
    };
    for (const batch of cut.batches) {
      if (run.length > 0 && (runBytes + batch.size > limit || !sameKind(run[0], batch))) {
        finishRun();
      }
      if (isSmall(batch, merging.below)) {
        run.push(batch);
        runBytes += batch.size;
      } else {
        finishRun();
        batches.push(batch);
      }
    }
    finishRun();
    return { ...cut, batches };
  } catch (error) {
    if (!(error instanceof DamagedMemberError)) throw error;
    const { carried: _, ...rest } = cut;
    const nextOffset = run[error.index]?.firstOffset ?? cut.nextOffset;
    return { ...rest, batches, nextOffset, problem: { kind: "damaged", reason: error.reason } };
  }
}

function isSmall(batch: CutBatch, below: readonly number[]): boolean {
  return batch.passedThrough && batch.size < (below[codecOf(batch)] ?? 0);
}

function sameKind(first: CutBatch | undefined, batch: CutBatch): boolean {
  if (first === undefined || first.bytes !== batch.bytes) return false;
  return codecOf(first) === codecOf(batch);
}

function codecOf({ view, position }: CutBatch): number {
  return attributes(view, position) & CODEC_MASK;
}

/**
 * Adds a run to the batches, as few as can be made of it; batches that cannot be merged with the next are added
 * unchanged.
 *
 * @throws {DamagedMemberError} where a batch of the run is damaged; those before it have been added
 */
function mergeRun(
  run: readonly CutBatch[],
  most: number,
  { checkEach, take }: SmallMerging,
  batches: CutBatch[],
): void {
  for (let at = 0; at < run.length;) {
    const { count, place } = checkEach || codecOf(run[at]!) !== 0
      ? mergeOpened(run, at, most, batches)
      : mergeUnopened(run, at, most, take);
    const merged = run.slice(at, at + count);
    if (place === undefined) batches.push(...merged);
    else batches.push(asOne(merged, place));
    at += count;
  }
}

/** What merging made of the next `count` batches of a run. */
interface MergedNext {
  readonly count: number;
  /** Where the merged batch lies; absent where the batches stay unchanged. */
  readonly place?: Place;
}

type Place = Pick<CutBatch, "bytes" | "view" | "position" | "size" | "passedThrough">;

function mergeUnopened(
  run: readonly CutBatch[],
  at: number,
  most: number,
  take: TakeMemory,
): MergedNext {
  const first = run[at]!;
  const merged = mergePlain(first, run, at, most, take);
  if (merged === undefined) return { count: 1 };
  return { count: merged.count, place: { ...merged, passedThrough: merged.bytes === first.bytes } };
}

/** @throws {DamagedMemberError} the batches of the run before the damaged one have been added then */
function mergeOpened(
  run: readonly CutBatch[],
  at: number,
  most: number,
  batches: CutBatch[],
): MergedNext {
  if (run.length - at === 1) return { count: 1 };
  try {
    const { count, bytes } = mergeBatches(run[at]!.bytes, run, at);
    if (bytes === undefined || bytes.length > most) return { count };
    const place = { ...viewed(bytes), position: 0, size: bytes.length, passedThrough: false };
    return { count, place };
  } catch (error) {
    // The batches before the damaged one are sound, and are added unchanged.
    if (error instanceof DamagedMemberError) batches.push(...run.slice(at, error.index));
    throw error;
  }
}

function asOne(
  run: readonly CutBatch[],
  { bytes, view, position, size, passedThrough }: Place,
): CutBatch {
  return {
    ...{ bytes, view, position, size, passedThrough },
    recordCount: run.reduce((sum, { recordCount }) => sum + recordCount, 0),
    firstOffset: run[0]!.firstOffset,
    nextOffset: run.at(-1)!.nextOffset,
    recordsBefore: (sourceOffset) =>
      run.reduce(
        (sum, batch) =>
          sum + (batch.nextOffset <= sourceOffset
            ? batch.recordCount
            : recordsBefore(batch, sourceOffset)),
        0,
      ),
  };
}
