// Merges runs of small batches before they are framed, where passing them through would be slower: a produce request
// holds one batch a partition, so that a batch a record means a request a record. Larger batches pass through. These are
// the runs that must be opened for it: cut.ts has merged the others.

import { DamagedMemberError, mergeBatches } from "../batch/merge.ts";
import { attributes, CODEC_MASK } from "../batch/record_batch.ts";
import { type Cut, type CutBatch, recordsBefore, type TargetRules } from "./cut.ts";
import { mergedBytes } from "./merge_below.ts";

/** Merged records may take a little more than their batches did, where these held many. */
const MARGIN = 0.85;

/** The cut with its runs of small batches merged. @param below which batches are small: bytes as they lie in the log, by codec id */
export function mergeSmall(
  cut: Cut,
  { maxBatchBytes, logAppendTime }: TargetRules,
  below: readonly number[],
): Cut {
  if (cut.batches.length < 2 || logAppendTime) return cut;
  const most = mergedBytes(maxBatchBytes);
  const limit = Math.floor(most * MARGIN);
  const batches: CutBatch[] = [];
  let run: CutBatch[] = [];
  let runBytes = 0;
  try {
    const finishRun = () => {
      batches.push(...(run.length > 1 ? mergeRun(run, most) : run));
      run = [];
      runBytes = 0;
    };
    for (const batch of cut.batches) {
      if (run.length > 0 && (runBytes + batch.size > limit || !sameKind(run[0], batch))) {
        finishRun();
      }
      if (isSmall(batch, below)) {
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
    // What comes before the damaged batch is sound, and goes as it is.
    batches.push(...run.slice(0, error.index));
    return { ...rest, batches, nextOffset, problem: { kind: "damaged", reason: error.reason } };
  }
}

function isSmall(
  { view, position, size, passedThrough }: CutBatch,
  below: readonly number[],
): boolean {
  if (!passedThrough) return false;
  return size < (below[attributes(view, position) & CODEC_MASK] ?? 0);
}

function sameKind(first: CutBatch | undefined, batch: CutBatch): boolean {
  if (first === undefined || first.bytes !== batch.bytes) return false;
  const codecOf = ({ view, position }: CutBatch) => attributes(view, position) & CODEC_MASK;
  return codecOf(first) === codecOf(batch);
}

/** The run in as few batches as can be; those that cannot be merged with the next go as they are. */
function mergeRun(run: readonly CutBatch[], most: number): readonly CutBatch[] {
  const batches: CutBatch[] = [];
  for (let at = 0; at < run.length;) {
    const { count, bytes } = mergeBatches(run[at]!.bytes, run, at);
    const merged = run.slice(at, at + count);
    if (bytes === undefined || bytes.length > most) batches.push(...merged);
    else batches.push(asOne(merged, bytes));
    at += count;
  }
  return batches;
}

function asOne(run: readonly CutBatch[], bytes: Uint8Array): CutBatch {
  return {
    bytes,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    position: 0,
    size: bytes.length,
    recordCount: run.reduce((sum, { recordCount }) => sum + recordCount, 0),
    firstOffset: run[0]!.firstOffset,
    nextOffset: run.at(-1)!.nextOffset,
    passedThrough: false,
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
