/**
 * Nothing is lost or repeated with a release on one side: the program killed with SIGKILL and started again, brokers
 * killed and restarted in mid-copy so that partitions change their leaders.
 */

import assert from "node:assert/strict";
import { makeMigrationDir } from "../../support/migration_dir.ts";
import { makeSlowBacklog } from "../../support/slow_backlog.ts";
import { killLoop, randomOf } from "../../support/slow_kill_loop.ts";
import { startRun } from "../../support/slow_run.ts";
import type { MatrixCase } from "./case.ts";

/** All cases about faults. */
export const faultCases: readonly MatrixCase[] = [
  {
    title: "killed with SIGKILL again and again, it loses and repeats nothing",
    closely: true,
    async run(pair) {
      await using backlog = await makeSlowBacklog(pair, { delayMs: 80, groupAhead: true });
      await using migration = await makeMigrationDir(backlog.config({ groupOffsets: "commit" }));
      const { last, killed } = await killLoop({
        cwd: migration.path,
        random: randomOf(7),
        kills: 3,
        progress: backlog.sent,
        progressPerRun: 300_000,
      });
      assert.equal(last.status, 0, last.output);
      assert.ok(killed > 0, "no run was killed");
      await backlog.assertArrived();
      await backlog.assertGroupsGoOn();
    },
  },
  {
    title:
      "brokers that die or restart in mid-copy change leaders, and nothing is lost or repeated",
    closely: true,
    async run(pair) {
      await using backlog = await makeSlowBacklog(pair, {
        partitions: 6,
        replicationFactor: 3,
        codec: "none",
      });
      await using migration = await makeMigrationDir(
        // Slow enough for the source to be needed to the end.
        backlog.config({ limits: { bytesPerSecond: "400kB" } }),
      );
      const run = startRun({ cwd: migration.path, timeoutMs: 150_000 });
      await backlog.inMidCopy(run, 100_000);
      const [first, second] = pair[pair.role].brokers;
      assert.ok(first !== undefined && second !== undefined);
      await first.kill();
      // Until others lead, and the one that died is no longer said to live.
      await new Promise((resolve) => setTimeout(resolve, 6_000));
      await first.restart();
      // Where too few replicas are in sync, brokers themselves lose messages.
      const { judge, role } = pair;
      await judge.untilInSync(pair[role].bootstrap, backlog.topic);
      assert.ok(!run.hasEnded(), "the copy was over before the second broker restarted");
      await second.kill("SIGTERM");
      await second.restart();
      const { status, output } = await run.ended;
      assert.equal(status, 0, output);
      await backlog.assertArrived();
    },
  },
];
