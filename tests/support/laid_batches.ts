/** Record batches one after another in one buffer, as a response holds them. */

import fc from "fast-check";
import type { TakeMemory } from "../../lib/merge/merge_limits.ts";
import { viewed } from "../../lib/codec/copy_back.ts";

/** Where they lie. */
export interface LaidBatches {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly spans: readonly { readonly position: number; readonly size: number }[];
  /** Behind the last. */
  readonly end: number;
}

/** What is around them is filled with this. */
export const AROUND = 0xaa;

/** Memory that was used before, and more of it than asked for. */
export const takeUsed: TakeMemory = (size) => viewed(new Uint8Array(size + 9).fill(AROUND));

/** Where a batch's CRC is; it covers what follows it. */
const CRC_AT = 17;

/** Lays batches. @param around how many bytes are before and behind them */
export function layBatches(
  batches: readonly Uint8Array[],
  around: { readonly before?: number; readonly behind?: number } = {},
): LaidBatches {
  const { before = 0, behind = 0 } = around;
  const size = batches.reduce((sum, { length }) => sum + length, 0);
  const bytes = new Uint8Array(before + size + behind).fill(AROUND);
  let end = before;
  const spans = batches.map((batch) => {
    const span = { position: end, size: batch.length };
    bytes.set(batch, end);
    end += batch.length;
    return span;
  });
  return { bytes, view: new DataView(bytes.buffer), spans, end };
}

/** The bytes with some bits of one byte flipped: one that a batch's CRC covers, or of the CRC itself. */
export function damagedCopies(
  { bytes, spans }: LaidBatches,
): fc.Arbitrary<{ readonly batch: number; readonly bytes: Uint8Array<ArrayBuffer> }> {
  const bits = fc.integer({ min: 1, max: 255 });
  return fc.tuple(fc.nat({ max: spans.length - 1 }), fc.nat(), bits).map(([batch, where, bits]) => {
    const { position = 0, size = 0 } = spans[batch] ?? {};
    const damaged = new Uint8Array(bytes);
    const at = position + CRC_AT + where % (size - CRC_AT);
    damaged[at] = (damaged[at] ?? 0) ^ bits;
    return { batch, bytes: damaged };
  });
}
