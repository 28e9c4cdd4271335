/** batch_memory.ts: what batches lie in is kept while they are held, and goes back to the pool afterwards. */

import assert from "node:assert/strict";
import { viewed } from "../../../lib/codec/copy_back.ts";
import { createBatchMemory } from "../../../lib/copy/batch_memory.ts";
import type { CutBatch } from "../../../lib/copy/cut_types.ts";
import { createBufferPool } from "../../../lib/protocol/buffer_pool.ts";

const KIB = 1024;

/** A response in a buffer of a pool, which its reader still holds. */
function respond() {
  const pool = createBufferPool(1024 * KIB);
  const buffer = pool.acquire(64 * KIB);
  const { bytes, view, release } = buffer;
  return { pool, frame: { bytes, view, start: 0, end: bytes.length, buffer, release } };
}

/** A batch that lies in some bytes. */
function batchIn(bytes: Uint8Array, size: number): CutBatch {
  const offsets = { firstOffset: 0n, nextOffset: 1n };
  return { ...viewed(bytes), position: 0, size, recordCount: 1, ...offsets, passedThrough: false };
}

Deno.test("a response is kept until its last batch is given back", () => {
  const { pool, frame } = respond();
  const memory = createBatchMemory(frame, pool);
  const releases = [100, 200].map((size) => memory.hold(batchIn(frame.bytes, size)));
  memory[Symbol.dispose]();
  frame.release();
  assert.equal(pool.bytesInUse, 64 * KIB);
  releases.forEach((release) => release());
  assert.equal(pool.bytesInUse, 0);
});

Deno.test("memory of the pool is kept for a batch that is held, and given back for one that is not", () => {
  const { pool, frame } = respond();
  const memory = createBatchMemory(frame, pool);
  const [kept, left] = [memory.take(100 * KIB), memory.take(200 * KIB)];
  assert.ok(kept.bytes.length >= 100 * KIB && left.bytes.length >= 200 * KIB);
  assert.equal(kept.view.buffer, kept.bytes.buffer);
  const release = memory.hold(batchIn(kept.bytes, 100 * KIB));
  memory[Symbol.dispose]();
  frame.release();
  assert.equal(pool.bytesInUse, 128 * KIB);
  assert.equal(pool.acquire(200 * KIB).bytes, left.bytes);
  assert.notEqual(pool.acquire(100 * KIB).bytes, kept.bytes);
  release();
  assert.equal(pool.acquire(100 * KIB).bytes, kept.bytes);
});

Deno.test("a small batch's memory counts with its own size", () => {
  const { pool, frame } = respond();
  frame.release();
  using memory = createBatchMemory(frame, pool);
  const { bytes } = memory.take(1_000);
  assert.equal(pool.bytesInUse, 0);
  const release = memory.hold(batchIn(bytes, 900));
  assert.equal(pool.bytesInUse, 900);
  release();
  assert.equal(pool.bytesInUse, 0);
});

Deno.test("so does what lies in a response that is of no pool", () => {
  const pool = createBufferPool(KIB);
  const bytes = new Uint8Array(500);
  const frame = { ...viewed(bytes), start: 0, end: 500, release: () => {} };
  using memory = createBatchMemory(frame, pool);
  const release = memory.hold(batchIn(bytes, 400));
  assert.equal(pool.bytesInUse, 400);
  release();
  assert.equal(pool.bytesInUse, 0);
});
