import assert from "node:assert/strict";
import fc from "fast-check";
import { ContentChanges } from "../../../lib/merge/content_changes.ts";
import { viewed } from "../../../lib/codec/copy_back.ts";
import { compressLz4, decompressLz4 } from "../../../lib/codec/lz4.ts";
import { FRAME_HEADER_BYTES, writeFrameHeader } from "../../../lib/codec/lz4_frame.ts";
import { Lz4Rewriter } from "../../../lib/merge/lz4_rewrite.ts";
import { Lz4Sequences } from "../../../lib/merge/lz4_sequences.ts";
import { INDEPENDENT, lz4Blocks, lz4Frame, openStrictly } from "../../support/lz4_frames.ts";
import { repetitive } from "../codec/sample_bytes.ts";

const sequences = new Lz4Sequences();
const changes = new ContentChanges();
const rewriter = new Lz4Rewriter(sequences, changes);

/** Bytes of the content, and what comes instead of them. */
interface Change {
  readonly start: number;
  readonly end: number;
  readonly instead: readonly number[];
}

/** The frame with its content changed; undefined where it must be opened for that. */
function rewrite(frame: Uint8Array, wanted: readonly Change[]): Uint8Array | undefined {
  assert.ok(sequences.load(viewed(frame), 0, frame.length, 1 << 23));
  changes.clear();
  for (const { start, end, instead } of wanted) {
    changes.add(start, end, Uint8Array.from(instead), instead.length);
  }
  changes.close(sequences.contentSize);
  const most = FRAME_HEADER_BYTES + rewriter.mostBytes;
  const into = viewed(new Uint8Array(most + 4));
  const end = rewriter.write(into, FRAME_HEADER_BYTES);
  if (end < 0) return undefined;
  assert.ok(end <= most, `${end} bytes written, ${most} promised`);
  writeFrameHeader(into, 0, rewriter.largestBlock);
  into.view.setUint32(end, 0, true);
  return into.bytes.slice(0, end + 4);
}

/** The content as it should be. */
function changed(content: readonly number[], wanted: readonly Change[]): Uint8Array {
  const all: number[] = [];
  let at = 0;
  for (const { start, end, instead } of wanted) {
    all.push(...content.slice(at, start), ...instead);
    at = end;
  }
  return Uint8Array.from([...all, ...content.slice(at)]);
}

/** Changes at such distances, as many as there is room for. */
function changesOf(
  size: number,
  drawn: readonly { readonly gap: number; readonly old: number; readonly instead: number[] }[],
): Change[] {
  const all: Change[] = [];
  let at = 0;
  for (const { gap, old, instead } of drawn) {
    const start = at + gap;
    if (start + old > size) break;
    all.push({ start, end: start + old, instead });
    at = start + old;
  }
  return all;
}

const drawnChanges = fc.array(
  fc.record({
    gap: fc.oneof(fc.nat({ max: 12 }), fc.nat({ max: 200 })),
    old: fc.integer({ min: 1, max: 9 }),
    instead: fc.array(fc.nat({ max: 255 }), { minLength: 1, maxLength: 12 }),
  }),
  { maxLength: 30 },
);

Deno.test("whatever changes in whatever block, the rest of the content stays, and every reader takes it", () => {
  fc.assert(
    fc.property(lz4Blocks(), drawnChanges, (block, drawn) => {
      const wanted = changesOf(block.content.length, drawn);
      const frame = rewrite(lz4Frame(INDEPENDENT, [block]), wanted);
      if (frame === undefined) {
        fc.pre(false);
        return;
      }
      const expected = changed(block.content, wanted);
      assert.deepEqual(openStrictly(frame), expected);
      assert.deepEqual(decompressLz4(frame, 1 << 20), expected);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("where a change shortens the end of a block, its last bytes are literals all the same", () => {
  const at = fc.integer({ min: 0, max: 20 });
  fc.assert(
    fc.property(
      lz4Blocks(),
      at,
      fc.integer({ min: 1, max: 20 }),
      fc.nat(),
      (block, fromEnd, old, more) => {
        const size = block.content.length;
        const start = Math.max(0, size - fromEnd - old);
        const change = { start, end: Math.min(size, start + old), instead: [more & 0xff] };
        const frame = rewrite(lz4Frame(INDEPENDENT, [block]), [change]);
        if (frame !== undefined) {
          assert.deepEqual(
            openStrictly(frame),
            changed(block.content, [change]),
          );
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

Deno.test("a byte that is a copy of copies of copies is spelled out where it can be told, or the frame is given up", () => {
  const block: number[] = [0x80, 1, 2, 3, 4, 5, 6, 7, 8, 8, 0];
  const content = [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4];
  for (let i = 0; i < 400; i++) {
    block.push(0x04, 8, 0);
    for (let n = 0; n < 8; n++) content.push(content[content.length - 8]!);
  }
  block.push(0xc0, ...content.slice(0, 12));
  content.push(...content.slice(0, 12));
  const frame = lz4Frame(INDEPENDENT, [{ bytes: block }]);
  const at = (start: number) => [{ start, end: start + 1, instead: [7, 7] }];
  const near = rewrite(frame, at(301));
  assert.ok(near);
  assert.deepEqual(openStrictly(near), changed(content, at(301)));
  const far = content.length - 50;
  assert.equal(rewrite(frame, at(far - far % 8 + 9)), undefined);
});

Deno.test("what would have to be spelled out at length, or cannot be told, is given up at once", () => {
  // A change to the first of many copies, each as far back as can be.
  const content = [...repetitive(65_535, 250)];
  const block: number[] = [0xf0, ...new Array<number>(256).fill(255), 240, ...content];
  block.push(...[0xff, 0xff]);
  const bytes = [...block];
  bytes[0] = 0xff;
  bytes.push(...new Array<number>(200).fill(255), 0, 0x50, 1, 2, 3, 4, 5);
  const frame = lz4Frame(INDEPENDENT, [{ bytes }], [], 7);
  const wanted = [{ start: 65_000, end: 65_001, instead: [1, 2, 3] }];
  assert.equal(rewrite(frame, wanted), undefined);
});

Deno.test("blocks after the first change like it, and a change across two of them is not made", () => {
  fc.assert(
    fc.property(lz4Blocks(), lz4Blocks(), drawnChanges, (first, second, drawn) => {
      const content = [...first.content, ...second.content];
      const wanted = changesOf(content.length, drawn);
      const border = first.content.length;
      const across = wanted.some(({ start, end }) => start < border && end > border);
      const frame = rewrite(lz4Frame(INDEPENDENT, [first, second]), wanted);
      if (across) assert.equal(frame, undefined);
      else if (frame !== undefined) assert.deepEqual(openStrictly(frame), changed(content, wanted));
    }),
    { numRuns: 500 },
  );
});

Deno.test("without changes the blocks stay as they are, byte for byte", () => {
  fc.assert(
    fc.property(lz4Blocks(), (block) => {
      const frame = lz4Frame(INDEPENDENT, [block]);
      assert.deepEqual(rewrite(frame, []), frame);
    }),
  );
});

Deno.test("what a change takes away is spelled out where it was copied, and stays small", () => {
  const line = [
    ...new TextEncoder().encode("a line that comes again and again, but for its number: "),
  ];
  const content = Array.from({ length: 300 }, (_, i) => [i & 0xff, ...line]).flat();
  const frame = compressLz4(Uint8Array.from(content));
  const wanted = Array.from({ length: 300 }, (_, i) => {
    const start = i * (line.length + 1);
    return { start, end: start + 1, instead: [0x80, i & 0x7f, 3] };
  });
  const rewritten = rewrite(frame, wanted);
  assert.ok(rewritten);
  assert.deepEqual(openStrictly(rewritten), changed(content, wanted));
  assert.ok(rewritten.length < frame.length + 300 * 8, `${frame.length} to ${rewritten.length}`);
});

Deno.test("where growth moves a match out of reach, it is spelled out", () => {
  const far = 65_500;
  const content = [...repetitive(40, 200), ...new Array<number>(far - 40).fill(5)];
  content.push(...content.slice(0, 40), ...repetitive(20, 100));
  const frame = compressLz4(Uint8Array.from(content));
  for (const size of [1, 30, 60, 200]) {
    const wanted = [{ start: 100, end: 101, instead: new Array<number>(size).fill(8) }];
    const rewritten = rewrite(frame, wanted);
    assert.ok(rewritten);
    assert.deepEqual(openStrictly(rewritten), changed(content, wanted));
  }
});
