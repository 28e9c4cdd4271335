// Merges runs of small batches before they are framed, where passing them through would be slower: a produce request
// holds one batch a partition, so that a batch a record means a request a record. Larger batches pass through.

import { DamagedMemberError, mergeBatches } from "../batch/merge.ts";
import { attributes, CODEC_MASK } from "../batch/record_batch.ts";
import { type Cut, type CutBatch, MERGED_BYTES, recordsBefore, type TargetRules } from "./cut.ts";
import type { MergeBelow } from "./merge_below.ts";

/** Merged records may take a little more than their batches did, where these held many. */
const MARGIN = 0.85;

/** The cut with its runs of small batches merged. @param below which batches are small */
export function mergeSmall(
  cut: Cut,
  { maxBatchBytes = Infinity, logAppendTime }: TargetRules,
  below: MergeBelow,
): Cut {
  if (cut.batches.length < 2 || logAppendTime) return cut;
  const limit = Math.floor(Math.min(MERGED_BYTES, maxBatchBytes) * MARGIN);
  const batches: CutBatch[] = [];
  let run: CutBatch[] = [];
  let runBytes = 0;
  try {
    const finishRun = () => {
      batches.push(...(run.length > 1 ? mergeRun(run, maxBatchBytes) : run));
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
  { uncompressed, compressed }: MergeBelow,
): boolean {
  if (!passedThrough) return false;
  const codec = attributes(view, position) & CODEC_MASK;
  return size < (codec === 0 ? uncompressed : compressed);
}

function sameKind(first: CutBatch | undefined, batch: CutBatch): boolean {
  if (first === undefined || first.bytes !== batch.bytes) return false;
  const codecOf = ({ view, position }: CutBatch) => attributes(view, position) & CODEC_MASK;
  return codecOf(first) === codecOf(batch);
}

/** The run as one batch, or as it is where it cannot be one. */
function mergeRun(run: readonly CutBatch[], maxBatchBytes: number): readonly CutBatch[] {
  const [first] = run;
  const last = run.at(-1);
  if (first === undefined || last === undefined) throw new RangeError("Cannot merge no batches");
  const bytes = mergeBatches(first.bytes, run);
  if (bytes === undefined || bytes.length > maxBatchBytes) return run;
  return [{
    bytes,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    position: 0,
    size: bytes.length,
    recordCount: run.reduce((sum, { recordCount }) => sum + recordCount, 0),
    firstOffset: first.firstOffset,
    nextOffset: last.nextOffset,
    passedThrough: false,
    recordsBefore: (sourceOffset) =>
      run.reduce(
        (sum, batch) =>
          sum + (batch.nextOffset <= sourceOffset
            ? batch.recordCount
            : recordsBefore(batch, sourceOffset)),
        0,
      ),
  }];
}
