import assert from "node:assert/strict";
import { downloadedBytes } from "../../support/maven.ts";
import { tellWait, tellWaits } from "../../support/waiting.ts";

Deno.test("a wait is told in a line before it, one every so often with how far it is, and one after it", async () => {
  const lines: string[] = [];
  tellWaits((line) => lines.push(line), 20);
  const result = await tellWait("Fetching this", "about 5 MB", async (progress) => {
    progress.bytes = 3_100_000;
    while (lines.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    return 7;
  });
  assert.equal(result, 7);
  assert.equal(lines[0], "Fetching this (about 5 MB)");
  assert.match(lines[1] ?? "", /^Fetching this: 3 MB after \d+ s$/);
  assert.match(lines.at(-1) ?? "", /^Fetching this took \d+ s, 3 MB were fetched$/);
});

Deno.test("a wait that ends in an error is not told to have ended well", async () => {
  const lines: string[] = [];
  tellWaits((line) => lines.push(line));
  const failing = tellWait("Fetching this", undefined, () => Promise.reject(new Error("no")));
  await assert.rejects(failing, /^Error: no$/);
  assert.deepEqual(lines, ["Fetching this"]);
});

Deno.test("what Maven has downloaded is told by its lines", () => {
  const url = "https://repo.example.org/a/a-1.jar";
  const cases: readonly (readonly [string, number])[] = [
    [`[INFO] Downloaded from central: ${url} (5.3 MB at 2.2 MB/s)`, 5_300_000],
    [`Downloaded from central: ${url} (12 kB at 99 kB/s)`, 12_000],
    [`Downloaded from central: ${url} (613 B at 7 kB/s)`, 613],
    [`[INFO] Downloading from central: ${url}`, 0],
    ["[INFO] BUILD SUCCESS", 0],
  ];
  for (const [line, bytes] of cases) assert.equal(downloadedBytes(line), bytes, line);
});
