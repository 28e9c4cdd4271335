// The published values of xxHash32.

import assert from "node:assert/strict";
import { viewed } from "../../../lib/codec/copy_back.ts";
import { xxh32 } from "../../../lib/codec/xxh32.ts";

Deno.test("xxh32() gives the values of the reference implementation", () => {
  const table: readonly (readonly [string, number])[] = [
    ["", 0x02cc5d05],
    ["a", 0x550d7456],
    ["abc", 0x32d153ff],
    ["Nobody inspects the spammish repetition", 0xe2293b2f],
  ];
  for (const [text, expected] of table) {
    const bytes = new TextEncoder().encode(`<${text}>`);
    assert.equal(xxh32(viewed(bytes).view, 1, bytes.length - 1), expected, text);
  }
});
