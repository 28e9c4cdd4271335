/** find_position.ts against a broker that is made up. */

import assert from "node:assert/strict";
import { findPosition } from "../../../lib/copy/find_position.ts";
import { partitionProducer } from "../../../lib/core/sequence.ts";
import { fakeBroker } from "../../support/fake_reader.ts";
import { inVirtualTime } from "../../support/virtual_time.ts";
import { buildBatch, testRecords } from "../../support/record_batch_builder.ts";

const partition = { topic: "t", partition: 0 };
const producer = partitionProducer({ producerId: 77n, producerEpoch: 0 });
const beginning = { records: 0n, targetOffset: 0n };
const ours = (from: number, until: number) =>
  buildBatch(testRecords(from, until), {
    ...{ baseOffset: BigInt(from), producerId: 77n, producerEpoch: 0, baseSequence: from },
  });
const find = (broker: ReturnType<typeof fakeBroker>) =>
  findPosition(broker, partition, producer, beginning, {}, new AbortController().signal);

Deno.test("a broker that throttles the look for a position is waited for", async () => {
  const throttled = { throttleTimeMs: 2, empty: true };
  const broker = fakeBroker([throttled, throttled, { throttleTimeMs: 2, highWatermark: 6n }]);
  const from = { records: 4n, targetOffset: 6n, targetFirstOffset: 2n };
  const { signal } = new AbortController();
  const found = await findPosition(broker, partition, producer, from, {}, signal);
  assert.deepEqual(found, from);
});

Deno.test("a high watermark of the past is no end: the leader is asked where its log ends", async () => {
  const responses = [
    { highWatermark: 3n, batches: [ours(0, 3)] },
    { highWatermark: 3n },
    { highWatermark: 3n },
    { highWatermark: 6n, batches: [ours(3, 6)] },
  ];
  const found = await find(fakeBroker(responses, { ends: [undefined, 6n] }));
  assert.equal(found.records, 6n);
});

Deno.test("a leader that cannot tell now how far producers got is asked again, one that never will is not", async () => {
  const [notLeader, notAuthorized] = [6, 29];
  const responses = [{ highWatermark: 3n, batches: [ours(0, 3)] }];
  const asked = (describeProducersError: number) =>
    find(fakeBroker(responses, { describeProducersError }));
  await assert.rejects(asked(notLeader), {
    name: "ProtocolError",
    message: "the target cannot be asked now: NOT_LEADER_OR_FOLLOWER (6)",
  });
  assert.equal((await asked(notAuthorized)).records, 3n);
});

Deno.test("a leader that does not know yet how far its log is replicated, or cannot read it, does not cut the look short", async () => {
  const [first, second] = [ours(0, 3), ours(3, 6)];
  const broker = fakeBroker([
    { highWatermark: 6n, batches: [first] },
    // Just elected (KIP-207).
    { highWatermark: 0n },
    // Tiered storage that cannot be read in time is answered as if there were nothing (KIP-405).
    { highWatermark: 6n },
    { highWatermark: 6n, batches: [second] },
  ]);
  const found = await find(broker);
  assert.equal(found.records, 6n);
});

/** Records from one number until before another, in an epoch that began with `base` records before it. */
const inEpoch = (producerEpoch: number, base: number, from: number, until: number, offset = from) =>
  buildBatch(testRecords(from, until), {
    ...{ baseOffset: BigInt(offset), lastOffset: BigInt(offset + until - from - 1) },
    ...{ producerId: 77n, producerEpoch, baseSequence: from - base },
  });
const epoch = (producerEpoch: number, records: number) => ({
  ...{ producerEpoch, records: BigInt(records), targetOffset: BigInt(records) },
  targetFirstOffset: 0n,
});
/** Looks at a log from its beginning, after the second epoch began with three records before it. */
const findAfterEpoch = (
  batches: readonly Uint8Array[],
  ends: bigint,
  more: Parameters<typeof fakeBroker>[0] = [],
) =>
  findPosition(
    fakeBroker([...more, { highWatermark: ends, batches }, { highWatermark: ends }]),
    partition,
    partitionProducer({ producerId: 77n, producerEpoch: 0 }, [epoch(1, 3)]),
    beginning,
    {},
    new AbortController().signal,
  );

Deno.test("records of a fresh epoch are counted from where it began", async () => {
  const found = await findAfterEpoch([ours(0, 3), inEpoch(1, 3, 3, 5), inEpoch(1, 3, 5, 9)], 9n);
  assert.deepEqual(found, { records: 9n, targetOffset: 9n, targetFirstOffset: 0n });
});

Deno.test("a fresh epoch that nothing was sent with yet can begin where it was to", async () => {
  const found = await findAfterEpoch([ours(0, 3)], 3n);
  assert.deepEqual(found, {
    ...{ records: 3n, targetOffset: 3n, targetFirstOffset: 0n },
    // This broker tells no end for certain.
    epochMayHaveBegun: true,
  });
});

Deno.test("what an old request has stored after an epoch was journaled makes that epoch void", async () => {
  const found = await findAfterEpoch([ours(0, 3), ours(3, 6)], 6n);
  assert.deepEqual(found, {
    ...{ records: 6n, targetOffset: 6n, targetFirstOffset: 0n },
    epochIsVoid: true,
  });
});

Deno.test("a first batch that was stored where more lay before it already is messages twice", async () => {
  const twice = [ours(0, 3), ours(3, 6), inEpoch(1, 3, 3, 6, 6)];
  await assert.rejects(findAfterEpoch(twice, 9n), {
    name: "PositionError",
    message: "the target holds messages of this migration twice, at offset 8 the second time",
  });
});

Deno.test("an epoch that is not in the state file says that it is an old one", async () => {
  await assert.rejects(findAfterEpoch([ours(0, 3), inEpoch(2, 3, 3, 6)], 6n), {
    name: "PositionError",
    message:
      "the target holds messages of this migration with epoch 2, at offset 5, which the state file does not know: it is not the newest",
  });
});

Deno.test("where an epoch is to begin afresh the end counts only once all that the leader has can be read", async () => {
  await inVirtualTime(1, 60_000, async () => {
    // The end that it tells is one of the past, for a while.
    const stale = Array.from({ length: 12 }, () => ({ highWatermark: 3n }));
    const batches = [ours(0, 3)];
    const log = [{ highWatermark: 3n, batches }, ...stale, {
      highWatermark: 6n,
      batches: [ours(3, 6)],
    }];
    const ends = [...stale.map(() => 3n), 3n, 6n];
    const look = async (settleMs: number) => {
      const broker = fakeBroker([...log, { highWatermark: 6n }], { ends });
      const { signal } = new AbortController();
      return (await findPosition(broker, partition, producer, beginning, { settleMs }, signal))
        .records;
    };
    assert.equal(await look(0), 3n);
    assert.equal(await look(20_000), 6n);
  });
});

Deno.test("a target that holds less than when an epoch began is waited for, unless it deletes", async () => {
  await inVirtualTime(1, 100_000, () =>
    assert.rejects(findAfterEpoch([ours(0, 2)], 2n), {
      name: "PositionError",
      passing: true,
      message: "the target has 3 of our messages and shows 2: the rest is not replicated",
    }));
  // The log starts at 4 now: ListOffsets tells the same for both ends.
  const [OFFSET_OUT_OF_RANGE, emptied] = [1, { highWatermark: 4n }];
  const deleted = await findPosition(
    fakeBroker([{ errorCode: OFFSET_OUT_OF_RANGE, ...emptied }, emptied], { ends: [4n] }),
    partition,
    partitionProducer({ producerId: 77n, producerEpoch: 0 }, [epoch(1, 3)]),
    beginning,
    {},
    new AbortController().signal,
  );
  assert.deepEqual(deleted, {
    ...{ records: 3n, targetOffset: 3n, targetFirstOffset: 0n },
    epochMayHaveBegun: true,
  });
});
