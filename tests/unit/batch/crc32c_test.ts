// CRC-32C against the values everybody publishes, against itself bit by bit, and its linearity.

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  crc32c,
  crc32cAdvance,
  crc32cAfterChange,
  crc32cStep,
  crc32cStepBack,
} from "../../../lib/batch/crc32c.ts";
import { slowCrc32c, utf8 } from "../../support/record_batch_builder.ts";

Deno.test("crc32c() gives the values of RFC 3720, appendix B.4", () => {
  const table: readonly (readonly [Uint8Array, number])[] = [
    [new Uint8Array(32), 0x8a9136aa],
    [new Uint8Array(32).fill(0xff), 0x62a8ab43],
    [Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    [Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    [utf8("123456789"), 0xe3069283],
    [utf8(""), 0],
  ];
  for (const [bytes, expected] of table) assert.equal(crc32c(bytes, 0, bytes.length), expected);
});

Deno.test("crc32c() of any range is that of the bytes alone", () => {
  fc.assert(fc.property(
    // Long ones go another way.
    fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.uint8Array({ minLength: 4_000, maxLength: 4_300 }),
    ),
    fc.oneof(fc.nat(30), fc.nat(4_300)),
    fc.oneof(fc.nat(100), fc.nat(4_300)),
    (bytes, a, b) => {
      const start = Math.min(a, b, bytes.length);
      const end = Math.min(Math.max(a, b), bytes.length);
      assert.equal(crc32c(bytes, start, end), slowCrc32c(bytes.subarray(start, end)));
    },
  ));
});

Deno.test("crc32c() refuses a range outside the bytes", () => {
  const bytes = new Uint8Array(4);
  for (const [start, end] of [[-1, 2], [0, 5], [3, 2], [NaN, 2]]) {
    assert.throws(() => crc32c(bytes, start!, end!), RangeError, `${start} ${end}`);
  }
});

Deno.test("crc32cStepBack() undoes a step", () => {
  fc.assert(fc.property(fc.integer(), fc.integer(), (register, bytes) => {
    assert.equal(crc32cStepBack(crc32cStep(register, bytes), bytes), register);
  }));
});

Deno.test("crc32cAdvance() is the same as that many zero bytes", () => {
  fc.assert(fc.property(fc.integer(), fc.nat(3000), (register, words) => {
    let stepped = register;
    for (let i = 0; i < words; i++) stepped = crc32cStep(stepped, 0);
    assert.equal(crc32cAdvance(register, 4 * words), stepped);
  }));
});

Deno.test("crc32cAdvance() adds up, up to 2^31 − 1 bytes", () => {
  const most = 2 ** 31 - 1;
  fc.assert(fc.property(fc.integer(), fc.nat(most), (register, count) => {
    const both = crc32cAdvance(crc32cAdvance(register, count), most - count);
    assert.equal(both, crc32cAdvance(register, most));
  }));
  assert.throws(() => crc32cAdvance(1, 2 ** 31), RangeError);
  assert.throws(() => crc32cAdvance(1, -1), RangeError);
});

Deno.test("crc32cAfterChange() is the CRC of the changed bytes, right or wrong as it was", () => {
  fc.assert(fc.property(
    fc.uint8Array({ minLength: 4, maxLength: 200 }),
    fc.nat(),
    fc.integer(),
    fc.integer({ min: 0, max: 1 }),
    (bytes, where, bits, error) => {
      const at = where % (bytes.length - 3);
      const before = (crc32c(bytes, 0, bytes.length) ^ error) >>> 0;
      const view = new DataView(bytes.buffer);
      view.setInt32(at, view.getInt32(at, true) ^ bits, true);
      const after = crc32cAfterChange(
        before,
        crc32cStep(0, bits),
        bytes.length - at - 4,
      );
      assert.equal(after, (slowCrc32c(bytes) ^ error) >>> 0);
    },
  ));
});
