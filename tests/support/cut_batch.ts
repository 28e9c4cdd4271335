/** A batch as the copy cuts it from a response, made by hand. */

import type { CutBatch } from "../../lib/copy/cut_types.ts";
import { placedBatch, testRecords } from "./record_batch_builder.ts";

/** The records `from`..`until` as one batch that passes through. */
export function testCutBatch(from: number, until: number): CutBatch {
  return {
    ...placedBatch(testRecords(from, until)),
    firstOffset: BigInt(from),
    nextOffset: BigInt(until),
    passedThrough: true,
  };
}
