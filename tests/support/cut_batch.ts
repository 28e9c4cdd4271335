/** A batch as the copy cuts it from a response, made by hand. */

import type { CutBatch } from "../../lib/copy/cut.ts";
import { buildBatch, testRecords } from "./record_batch_builder.ts";

/** The records `from`..`until` as one batch that passes through. */
export function testCutBatch(from: number, until: number): CutBatch {
  const bytes = buildBatch(testRecords(from, until));
  return {
    bytes,
    view: new DataView(bytes.buffer),
    position: 0,
    size: bytes.length,
    recordCount: until - from,
    firstOffset: BigInt(from),
    nextOffset: BigInt(until),
    passedThrough: true,
  };
}
