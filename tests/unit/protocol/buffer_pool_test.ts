/** buffer_pool.ts: buffers come back, and what is under way never exceeds the ceiling. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { createBufferPool } from "../../../lib/protocol/buffer_pool.ts";

const KIB = 1024;
const NEVER = new AbortController().signal;

/** Lets everything that is due happen. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("a buffer returns to the pool with the last release, and is used again", () => {
  const pool = createBufferPool(1024 * KIB);
  const buffer = pool.acquire(100 * KIB);
  assert.equal(buffer.bytes.length, 128 * KIB);
  assert.equal(buffer.view.buffer, buffer.bytes.buffer);
  buffer.retain();
  buffer.release();
  assert.equal(pool.bytesInUse, 128 * KIB);
  buffer.release();
  assert.equal(pool.bytesInUse, 0);
  assert.equal(pool.acquire(65 * KIB).bytes, buffer.bytes);
  assert.notEqual(pool.acquire(65 * KIB).bytes, buffer.bytes);
  assert.throws(() => buffer.release(), /released more often/);
});

Deno.test("free buffers are kept as far as what is in use leaves room under the ceiling", () => {
  const pool = createBufferPool(128 * KIB);
  const [first, second, third] = [64, 64, 64].map((size) => pool.acquire(size * KIB));
  for (const buffer of [first, second, third]) buffer?.release();
  const again = [1, 1, 1].map((size) => pool.acquire(size).bytes);
  assert.ok(!again.includes(first?.bytes as Uint8Array), "the other two filled the ceiling");
  assert.ok(again.includes(third?.bytes as Uint8Array));
});

Deno.test("who reserves waits until there is room, in order", async () => {
  const pool = createBufferPool(100);
  const order: string[] = [];
  const reserve = (name: string, size: number) =>
    pool.reserve(size, NEVER).then((unreserve) => {
      order.push(name);
      return unreserve;
    });
  const charged = pool.charge(50);
  const large = reserve("large", 80);
  const small = reserve("small", 10);
  await settle();
  assert.deepEqual(order, []);
  charged();
  charged();
  (await large)();
  (await small)();
  assert.deepEqual(order, ["large", "small"]);
  assert.equal(pool.bytesInUse, 0);
});

Deno.test("a reservation larger than the ceiling waits for an empty pool", async () => {
  const pool = createBufferPool(100);
  const charged = pool.charge(1);
  let granted = false;
  const reserved = pool.reserve(500, NEVER).then((unreserve) => {
    granted = true;
    return unreserve;
  });
  await settle();
  assert.equal(granted, false);
  charged();
  (await reserved)();
  assert.equal(pool.bytesInUse, 0);
});

Deno.test("whatever is reserved and given back, the ceiling holds and nobody waits for ever", async () => {
  const ceiling = 100;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: ceiling })), async (sizes) => {
      const pool = createBufferPool(ceiling);
      let granted = 0;
      await Promise.all(sizes.map(async (size) => {
        const unreserve = await pool.reserve(size, NEVER);
        granted++;
        assert.ok(pool.bytesInUse <= ceiling);
        await Promise.resolve();
        unreserve();
      }));
      assert.equal(granted, sizes.length);
      assert.equal(pool.bytesInUse, 0);
    }),
  );
});

Deno.test("a buffer given back is used again although its room is reserved at once", async () => {
  const pool = createBufferPool(200 * KIB);
  const first = pool.acquire(100 * KIB);
  const reserved = pool.reserve(128 * KIB, NEVER);
  const { bytes } = first;
  first.release();
  const unreserve = await reserved;
  const second = pool.acquire(100 * KIB);
  unreserve();
  assert.equal(second.bytes, bytes);
  second.release();
});

Deno.test("nobody waits for room once the signal fires", async () => {
  const pool = createBufferPool(100);
  const release = pool.charge(100);
  const end = new AbortController();
  const waiting = pool.reserve(50, end.signal);
  end.abort();
  (await waiting)();
  (await pool.reserve(50, end.signal))();
  assert.equal(pool.bytesInUse, 100);
  release();
  assert.equal(pool.bytesInUse, 0);
});
