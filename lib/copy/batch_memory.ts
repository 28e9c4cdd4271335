// The memory that the batches of one response lie in until they are acknowledged: the response's own, or, where what they
// became does not fit there, buffers of the same pool, so that merging leaves nothing to the garbage collector.

import { type Viewed, viewed } from "../codec/copy_back.ts";
import type { BufferPool, PooledBuffer } from "../protocol/buffer_pool.ts";
import type { ResponseFrame } from "../protocol/frame.ts";
import type { CutBatch } from "./cut_types.ts";

/** Smaller ones would fill too little of the smallest buffer. */
const POOLED_FROM = 48 * 1024;

/** Memory for the batches of one response; disposed of once those to keep are held. */
export interface BatchMemory extends Disposable {
  /** Takes at least so many bytes for a batch. Their former content may still be in them. */
  take(size: number): Viewed;
  /** Keeps what a batch lies in. @returns gives it back, to be called once */
  hold(batch: CutBatch): () => void;
}

/** Memory for what a response brings; the response itself stays its reader's to release. */
export function createBatchMemory({ bytes, buffer }: ResponseFrame, pool: BufferPool): BatchMemory {
  const buffers = new Map<Uint8Array, PooledBuffer>();
  const taken: PooledBuffer[] = [];
  if (buffer !== undefined) buffers.set(bytes, buffer);
  return {
    take(size) {
      if (size < POOLED_FROM) return viewed(new Uint8Array(size));
      const memory = pool.acquire(size);
      taken.push(memory);
      buffers.set(memory.bytes, memory);
      return memory;
    },
    hold({ bytes, size }) {
      const memory = buffers.get(bytes);
      if (memory === undefined) return pool.charge(size);
      memory.retain();
      return memory.release;
    },
    [Symbol.dispose]() {
      for (const memory of taken) memory.release();
    },
  };
}
