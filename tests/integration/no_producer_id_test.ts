/**
 * A target that gives the user no producer id (CLUSTER_AUTHORIZATION_FAILED, as brokers before 2.8 do without
 * IdempotentWrite): the run says what is then guaranteed, and keeps to that, killed or not.
 */

import assert from "node:assert/strict";
import { sharedClusters } from "../support/cluster_pair.ts";
import { framesOf } from "../support/kafka_frames.ts";
import type { ReadRecord } from "../support/librdkafka.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";
import { makeSlowBacklog, type SlowBacklog } from "../support/slow_backlog.ts";
import { startRun } from "../support/slow_run.ts";
import type { Faults } from "../support/tcp_proxy.ts";

const clusters = sharedClusters();
const INIT_PRODUCER_ID = 22;
const CLUSTER_AUTHORIZATION_FAILED = 31;
const WARNING =
  /The target gives this user no producer id .*: every message arrives at least once and in order, but after a failure or an interruption some may arrive twice/;

/** Has every InitProducerId answered with the error; `refused` counts them. */
function withoutProducerId(): Required<Pick<Faults, "onBytes">> & {
  readonly refused: () => number;
} {
  const asked = new Set<string>();
  let refused = 0;
  const watch = framesOf("toServer", (frame, connection) => {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    if (view.getInt16(0) === INIT_PRODUCER_ID) asked.add(`${connection} ${view.getInt32(4)}`);
  });
  const alter = framesOf("toClient", (frame, connection) => {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    if (!asked.delete(`${connection} ${view.getInt32(0)}`)) return;
    refused++;
    // Versions 0 and 1: correlation id, throttle time, error code.
    view.setInt16(8, CLUSTER_AUTHORIZATION_FAILED);
  });
  return {
    onBytes: (direction, bytes, connection) =>
      (direction === "toServer" ? watch : alter)(direction, bytes, connection),
    refused: () => refused,
  };
}

/** Asserts that each message is there at least once, and that their first copies are in the source's order. */
async function assertAtLeastOnce(backlog: SlowBacklog): Promise<number> {
  const { source, target, judge } = clusters;
  let twice = 0;
  for (let partition = 0; partition < backlog.partitions; partition++) {
    const read = async (bootstrap: string, start: number) => {
      const options = { start: BigInt(start), records: 100_000 };
      return (await judge.read(bootstrap, backlog.topic, partition, options)).records.map(contents);
    };
    const expected = await read(source.bootstrap, backlog.committed);
    const found = await read(target.bootstrap, 0);
    assert.deepEqual([...new Set(found)], [...new Set(expected)], `partition ${partition}`);
    assert.ok(found.length >= expected.length);
    twice += found.length - expected.length;
  }
  return twice;
}

function contents({ offset: _, ...record }: ReadRecord): string {
  return JSON.stringify(record);
}

clusters.test("without a producer id a run warns and copies everything, in order", async () => {
  await using backlog = await makeSlowBacklog(clusters, { messages: 2_000, delayMs: 5 });
  const { onBytes, refused } = withoutProducerId();
  backlog.target.setFaults({ onBytes });
  await using migration = await makeMigrationDir(backlog.config());
  const { status, stderr, output } = await migration.run();
  assert.equal(status, 0, output);
  assert.match(stderr, WARNING);
  assert.equal(refused(), 1);
  await backlog.assertArrived();
  // Nothing again: the journal alone tells what is there.
  const rerun = await migration.run();
  assert.equal(rerun.status, 0, rerun.output);
  await backlog.assertArrived();
});

clusters.test("without a producer id a killed run loses nothing and may repeat some", async () => {
  await using backlog = await makeSlowBacklog(clusters, { delayMs: 100 });
  const { onBytes } = withoutProducerId();
  backlog.target.setFaults({ onBytes, delayMs: { toClient: 100 } });
  await using migration = await makeMigrationDir(backlog.config());
  for (let round = 0; round < 2; round++) {
    const run = startRun({ cwd: migration.path });
    const before = backlog.sent();
    const copying = await run.until(() => backlog.sent() - before > 300_000);
    assert.ok(copying, (await Promise.race([run.ended, { output: "" }])).output);
    run.kill("SIGKILL");
    await run.ended;
  }
  // An administrator may have given the permission meanwhile: the migration goes on as it began.
  backlog.target.setFaults({});
  const { status, stderr, output } = await migration.run();
  assert.equal(status, 0, output);
  assert.match(stderr, WARNING);
  assert.ok(await assertAtLeastOnce(backlog) > 0, "nothing came twice, so nothing was tried");
});
