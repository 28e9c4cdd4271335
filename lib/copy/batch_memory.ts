// The memory that the batches of one response lie in until they are acknowledged: the response's own buffer, or, where
// merged batches do not fit there, buffers of the same pool, so that merging leaves nothing to the garbage collector.

import { type Viewed, viewed } from "../codec/copy_back.ts";
import type { BufferPool, PooledBuffer } from "../protocol/buffer_pool.ts";
import type { ResponseFrame } from "../protocol/frame.ts";
import type { CutBatch } from "./cut_types.ts";

/** Smaller batches would fill too little of the pool's smallest buffer. */
const POOLED_FROM = 48 * 1024;

/** Memory for the batches of one response; dispose of it once every batch to keep is held. */
export interface BatchMemory extends Disposable {
  /** Allocates at least `size` bytes for a batch. They may still hold former content. */
  take(size: number): Viewed;
  /** Keeps the memory that a batch lies in. @returns a function that gives the memory back; call it once */
  hold(batch: CutBatch): () => void;
}

/** Makes the memory for the batches of one response. Whoever read the response still releases it. */
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
