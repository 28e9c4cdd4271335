/** partition_reader.ts against a broker that is made up: what it answers is waited for, tried again or said. */

import assert from "node:assert/strict";
import { fetchPage, ReadError } from "../../../lib/compare/partition_reader.ts";
import { fakeReader } from "../../support/fake_reader.ts";

const partition = { topic: "t", partition: 0 };

Deno.test("a broker that throttles is waited for, however often, and nothing is wrong with it", async () => {
  const throttled = { throttleTimeMs: 3, empty: true };
  const fake = fakeReader(...Array.from({ length: 30 }, () => throttled), { throttleTimeMs: 3 });
  const started = performance.now();
  const { fetched } = await fetchPage(fake.reader, partition, 4n);
  assert.equal(fetched.highWatermark, 9n);
  assert.equal(fake.refreshes, 0);
  const took = performance.now() - started;
  assert.ok(took >= 90 && took < 2_000, `${took} ms`);
});

Deno.test("a leader that has moved is looked for, what is gone is said at once", async () => {
  const moved = fakeReader({ errorCode: 6 }, {});
  assert.equal((await fetchPage(moved.reader, partition, 4n)).fetched.errorCode, 0);
  assert.equal(moved.refreshes, 1);
  const gone = fakeReader({ errorCode: 1 });
  await assert.rejects(
    fetchPage(gone.reader, partition, 4n),
    (error) =>
      error instanceof ReadError &&
      error.message === "The source no longer holds offset 4 of topic: t, partition: 0",
  );
});

Deno.test("a broker that has given nothing for minutes is not waited for, until it gives something", async () => {
  const moved = { errorCode: 6 };
  const { reader } = fakeReader(moved, moved, moved, {}, moved, moved, {});
  reader.failingSince.set(1, performance.now() - 200_000);
  const started = performance.now();
  await assert.rejects(fetchPage(reader, partition, 4n), /could not be read back.*NOT_LEADER/);
  assert.ok(performance.now() - started < 2_000);
  // It answers the second try, which there is always.
  await fetchPage(reader, partition, 4n);
  assert.equal(reader.failingSince.size, 0);
  await fetchPage(reader, partition, 4n);
});
