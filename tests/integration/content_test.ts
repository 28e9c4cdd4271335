/**
 * The verification by content against real logs: what must pass, and faults planted so that only a look at the contents
 * can notice them.
 */

import assert from "node:assert/strict";
import { crc32c } from "../../lib/batch/crc32c.ts";
import { makeBacklog } from "../support/backlog.ts";
import { sharedClusters, uniqueName } from "../support/cluster_pair.ts";
import { framesOf } from "../support/kafka_frames.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";
import { startTcpProxy } from "../support/tcp_proxy.ts";

const clusters = sharedClusters();

clusters.test("contents are compared, beside what others write to the target", async () => {
  const backlog = await makeBacklog(clusters, {
    messages: [5_000, 30, 0],
    committed: { a: [137, 0, 0] },
    contents: { headers: "some", keys: "some", values: "some", codec: "lz4" },
  });
  await using migration = await makeMigrationDir(backlog.config({ verify: "content" }));
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  const [first, second, third] = migration.report().results?.partitions ?? [];
  assert.deepEqual([first?.content?.equal, second?.content?.equal], [4_863, 30]);
  assert.equal(third?.status, "skipped");
  const { target, judge } = clusters;
  await judge.produce(target.bootstrap, { topic: backlog.topic, partition: 0, count: 10 });
  const again = await migration.run(["--verify"]);
  assert.equal(again.status, 0, again.output);
  assert.match(migration.text("migration.log"), /verified: Others have written 10 messages/);
});

clusters.test("two messages that change places on the way pass the count, not the content", async () => {
  const values = ["first", "AAAAA", "BBBBB", "last!"];
  const records = values.map((value) => ({ key: null, value: btoa(value) }));
  const backlog = await makeBacklog(clusters, {
    messages: [0],
    committed: { a: [0] },
  });
  const { source, judge } = clusters;
  await judge.produce(source.bootstrap, { topic: backlog.topic, partition: 0, records });
  await using proxy = startTcpProxy(source.bootstrap, {
    onBytes: framesOf("toClient", (frame) => swapInBatch(frame, "AAAAA", "BBBBB")),
  });
  const through = {
    source: { bootstrapServers: proxy.address, addresses: { [source.bootstrap]: proxy.address } },
  };
  await using migration = await makeMigrationDir(backlog.config(through));
  const copied = await migration.run();
  assert.equal(copied.status, 0, copied.output);
  const { records: arrived } = await judge.read(clusters.target.bootstrap, backlog.topic, 0, {
    records: 4,
  });
  assert.deepEqual(arrived.map(({ value }) => atob(value ?? "")), [
    "first",
    "BBBBB",
    "AAAAA",
    "last!",
  ]);

  migration.configure(backlog.config({ verify: "content" }));
  const verified = await migration.run(["--verify"]);
  assert.equal(verified.status, 1, verified.output);
  assert.match(
    verified.output,
    /failed: The message at source offset 1 and the one at target offset 1 differ in their value/,
  );
});

clusters.test("what has expired on the source since cannot be verified", async () => {
  const backlog = await makeBacklog(clusters, { messages: [50], committed: { a: [10] } });
  await using migration = await makeMigrationDir(backlog.config({ verify: "content" }));
  assert.equal((await migration.run()).status, 0);
  const { source, judge } = clusters;
  await judge.deleteRecords(source.bootstrap, backlog.topic, 0, 20n);
  const { status, output } = await migration.run(["--verify"]);
  assert.equal(status, 1, output);
  assert.match(output, /failed: The source no longer holds offset 10 of topic: /);
});

clusters.test("a compacted target may lack what others have superseded there, not what an aborted transaction would have", async () => {
  const { target, judge } = clusters;
  const backlog = await makeBacklog(clusters, { messages: [50], committed: { a: [0] } });
  const { topic } = backlog;
  await judge.alterTopicConfigs(target.bootstrap, topic, {
    "cleanup.policy": "compact",
    "segment.ms": "1000",
    "min.cleanable.dirty.ratio": "0.01",
    "max.compaction.lag.ms": "1500",
  });
  const config = backlog.config({ verify: "content", accept: ["COMPACTION_NEEDS_KEYS"] });
  await using migration = await makeMigrationDir(config);
  const first = await migration.run();
  assert.equal(first.status, 0, first.output);
  const write = (keys: readonly string[], outcome: "commit" | "abort") =>
    judge.produce(target.bootstrap, {
      ...{ topic, partition: 0, transaction: { id: uniqueName("transaction"), outcome } },
      records: keys.map((key) => ({ key: btoa(key), value: btoa("newer") })),
    });
  await write(["key-48"], "abort");
  await write(["key-3", "key-49"], "commit");
  for (let tries = 0;; tries++) {
    assert.ok(tries < 40, "The log was not compacted");
    await new Promise((resolve) => setTimeout(resolve, 500));
    // Only segments that are no longer written to are cleaned.
    await write([`filler-${tries}`], "commit");
    const { count } = await judge.read(target.bootstrap, topic, 0, { end: 50n });
    if (count === 48) break;
  }
  const { status, output } = await migration.run(["--verify"]);
  assert.equal(status, 0, output);
  const { content } = migration.report().results?.partitions[0] ?? {};
  assert.deepEqual([content?.equal, content?.compacted], [48, 2]);
});

clusters.test("a finished migration is compared by a later run that asks for it", async () => {
  const backlog = await makeBacklog(clusters, { messages: [50], committed: { a: [10] } });
  await using migration = await makeMigrationDir(backlog.config());
  assert.equal((await migration.run()).status, 0);
  migration.configure(backlog.config({ verify: "content" }));
  const { status, output } = await migration.run();
  assert.equal(status, 0, output);
  assert.equal(migration.report().results?.partitions[0]?.content?.equal, 40);
});

/** Swaps two texts of one length wherever both lie in one record batch, and gives the batch the right CRC again. */
function swapInBatch(frame: Uint8Array, one: string, other: string): void {
  const [a, b] = [one, other].map((text) => find(frame, new TextEncoder().encode(text)));
  if (a === undefined || b === undefined || a > b) return;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  for (let start = a - 61; start >= 0; start--) {
    const end = start + 12 + view.getInt32(start + 8);
    if (frame[start + 16] !== 2 || end <= b || end > frame.length) continue;
    if (view.getUint32(start + 17) !== crc32c(frame, start + 21, end)) continue;
    const kept = frame.slice(a, a + one.length);
    frame.copyWithin(a, b, b + other.length);
    frame.set(kept, b);
    view.setUint32(start + 17, crc32c(frame, start + 21, end));
    return;
  }
}

function find(bytes: Uint8Array, wanted: Uint8Array): number | undefined {
  for (let at = 0; at + wanted.length <= bytes.length; at++) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return undefined;
}
