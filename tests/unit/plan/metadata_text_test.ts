/** metadata_text.ts: which texts beside committed offsets go along, and which count offsets. */

import assert from "node:assert/strict";
import { countsOffsets, mayNameOffsets, whyLeftOut } from "../../../lib/plan/metadata_text.ts";

const base64 = (letter: string, ...body: readonly number[]) =>
  btoa(letter + String.fromCharCode(...body));
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd, 0x04] as const;

Deno.test("countsOffsets() knows every encoding of parallel-consumer, and Greyhound's", () => {
  const texts = [
    base64("L", 0, 1, 1, 0),
    base64("l", 0, 12, 0b10, 0),
    base64("n", 0, 3, 0, 1),
    base64("o", 0, 0, 0, 20, 1, 2, 3),
    base64("e", 0, 0, 0, 7, 0, 0, 1, 2),
    ...["î", "a", "J", "s", "p"].map((letter) => base64(letter, ...ZSTD)),
    // Base64 of gzip.
    "H4sIAAAAAAAAADM0NTAwUDYyMTWLNwGyAQAAAP//",
    `${base64("l", 0, 12, 0b10, 0)}\0`,
  ];
  for (const text of texts) assert.equal(countsOffsets(text), true, text);
});

Deno.test("countsOffsets() takes nothing else for such a text", () => {
  const texts = [
    ...[
      "",
      "shard 7 ✓",
      "consumer-1",
      "TEST",
      "boat",
      "bell",
      "node0001",
      "cwcwcwcw",
      "1733011200000",
    ],
    // Kafka Streams: a version, and a time.
    base64("\x01", 0, 0, 1, 0x93, 0x80, 1, 2, 3),
    base64("\x02", 0, 0, 1, 0x93, 0x80, 1, 2, 3, 0, 0, 0, 0),
    '{"topologyId":"t-1","taskId":4}',
    // A bit set that is longer than it says.
    base64("l", 0, 8, 1, 1, 1, 1),
    base64("a", 1, 2, 3, 4),
    base64("l"),
    base64("n"),
  ];
  for (const text of texts) assert.equal(countsOffsets(text), false, text);
});

Deno.test("whyLeftOut() compares characters, not bytes, and says why", () => {
  const table = [
    ["✓".repeat(10), 10, undefined],
    ["✓".repeat(11), 10, "too long"],
    ["", 0, undefined],
    ["x".repeat(100_000), undefined, undefined],
    [base64("L", 0, 1), undefined, "counts offsets"],
    [base64("L", 0, 1), 2, "counts offsets"],
  ] as const;
  for (const [text, maxLength, why] of table) assert.equal(whyLeftOut(text, maxLength), why);
});

Deno.test("mayNameOffsets() finds whole numbers between the position and the end of the log", () => {
  const table = [
    ['{"next":[1204,1210]}', true],
    ["1200", true],
    ["1199", false],
    ["1301", false],
    ["12", false],
    ["1250.5", false],
    ["host-1250", false],
    ["v1250a", false],
    ["99999999999999999999999", false],
  ] as const;
  for (const [text, names] of table) assert.equal(mayNameOffsets(text, 1200n, 1300n), names, text);
});
