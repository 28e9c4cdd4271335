import assert from "node:assert/strict";
import fc from "fast-check";
import { viewed } from "../../../lib/codec/copy_back.ts";
import { CodecError } from "../../../lib/codec/codec_error.ts";
import { compressLz4 } from "../../../lib/codec/lz4.ts";
import { Lz4Sequences } from "../../../lib/merge/lz4_sequences.ts";
import {
  BLOCK_CHECKSUM,
  CONTENT_CHECKSUM,
  CONTENT_SIZE,
  INDEPENDENT,
  LINKED,
  lz4Blocks,
  lz4Frame,
} from "../../support/lz4_frames.ts";
import { repetitive } from "../codec/sample_bytes.ts";

const sequences = new Lz4Sequences();

const load = (frame: Uint8Array) => sequences.load(viewed(frame), 0, frame.length, 1 << 23);

const contentOf = () =>
  Array.from({ length: sequences.contentSize }, (_, position) => sequences.byteAt(position));

Deno.test("every byte of a frame can be told without opening it", () => {
  const flags = fc.subarray([CONTENT_CHECKSUM, CONTENT_SIZE])
    .map((some) => some.reduce((all, flag) => all | flag, INDEPENDENT));
  fc.assert(
    fc.property(fc.array(lz4Blocks(), { maxLength: 3 }), flags, (blocks, flags) => {
      const content = blocks.flatMap(({ content }) => content);
      assert.ok(load(lz4Frame(flags, blocks, content)));
      assert.deepEqual(contentOf(), content);
      assert.equal(sequences.byteAt(content.length), -1);
    }),
  );
});

Deno.test("a frame within other bytes is told from them, and one of several is not taken", () => {
  const frame = compressLz4(repetitive(300, 2));
  const around = Uint8Array.from([1, 2, 3, ...frame, ...frame]);
  assert.ok(sequences.load(viewed(around), 3, 3 + frame.length, 300));
  assert.deepEqual(Uint8Array.from(contentOf()), repetitive(300, 2));
  assert.ok(!sequences.load(viewed(around), 3, around.length, 1_000));
  assert.ok(!sequences.load(viewed(around), 3, 3 + frame.length, 299));
});

Deno.test("a byte that was copied over and over is told where that is asked for in order, or not at all", () => {
  // Each match copies the one before it.
  const block: number[] = [0x14, 1, 1, 0];
  let size = 9;
  for (; size < 3_000; size += 8) block.push(0x04, 8, 0);
  block.push(0x50, 1, 2, 3, 4, 5);
  const frame = lz4Frame(INDEPENDENT, [{ bytes: block }]);
  assert.ok(load(frame));
  assert.equal(sequences.byteAt(2_900), -1);
  for (let position = 20; position < size; position += 8) {
    assert.equal(sequences.byteAt(position), 1);
  }
  assert.equal(sequences.byteAt(2_900), 1);
  assert.ok(load(frame));
  assert.equal(sequences.byteAt(2_900), -1);
});

const eight = [0x80, 1, 2, 3, 4, 5, 6, 7, 8];
const notTaken: readonly (readonly [string, Uint8Array])[] = [
  ["linked blocks", lz4Frame(LINKED, [{ bytes: eight }])],
  ["a match from before its block", lz4Frame(INDEPENDENT, [{ bytes: [0x10, 1, 2, 0, 0x10, 1] }])],
  [
    "a match from the block before",
    lz4Frame(INDEPENDENT, [{ bytes: eight }, { bytes: [0x10, 1, 2, 0, 0x10, 1] }]),
  ],
  ["a match from nowhere", lz4Frame(INDEPENDENT, [{ bytes: [0x10, 1, 0, 0, 0x10, 1] }])],
  ["a block that ends with a match", lz4Frame(INDEPENDENT, [{ bytes: [0x10, 1, 1, 0] }])],
  ["half an offset", lz4Frame(INDEPENDENT, [{ bytes: [0x10, 1, 1] }])],
  ["literals that are cut off", lz4Frame(INDEPENDENT, [{ bytes: [0x20, 1] }])],
  ["a length of literals that is cut off", lz4Frame(INDEPENDENT, [{ bytes: [0xf0, 255] }])],
  ["a length of a match that is cut off", lz4Frame(INDEPENDENT, [{ bytes: [0x1f, 1, 1, 0, 255] }])],
  [
    "a block that holds more than its frame allows",
    lz4Frame(INDEPENDENT, [{ bytes: [0x1f, 1, 1, 0, ...new Array<number>(258).fill(255), 0, 0] }]),
  ],
  ["checksums of blocks", lz4Frame(INDEPENDENT | BLOCK_CHECKSUM, [{ bytes: eight }])],
  ["another size than it says", lz4Frame(INDEPENDENT | CONTENT_SIZE, [{ bytes: eight }], [1, 2])],
  ["an empty block", lz4Frame(INDEPENDENT, [{ bytes: eight }, { bytes: [0] }])],
  ["an empty block that is stored", lz4Frame(INDEPENDENT, [{ bytes: [], stored: true }])],
  ["no end", lz4Frame(INDEPENDENT, [{ bytes: eight }]).subarray(0, -4)],
  ["a block that is cut off", lz4Frame(INDEPENDENT, [{ bytes: eight }]).subarray(0, 15)],
  ["another magic", Uint8Array.from([1, ...lz4Frame(INDEPENDENT, []).subarray(1)])],
];

for (const [what, frame] of notTaken) {
  Deno.test(`a frame with ${what} is not taken`, () => {
    assert.ok(!load(frame));
  });
}

Deno.test("a header that cannot be read is told", () => {
  const frame = lz4Frame(INDEPENDENT, [{ bytes: eight }]);
  frame[6]! ^= 1;
  assert.throws(() => load(frame), CodecError);
});
