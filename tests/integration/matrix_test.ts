/**
 * The matrix: every release of kafka_releases.ts as a source of every log that it can hold and, where it can be one, as
 * a target; some of them also killed, changing leaders, and secured. `./denow task matrix` tests all releases, a run of
 * all tests the one whose turn it is (matrix/turn.ts), MATRIX=1.1.1,2.8.2 those.
 */

import type { KafkaVersion } from "../support/kafka_releases.ts";
import type { MatrixCase } from "./matrix/case.ts";
import { checks } from "./matrix/checks.ts";
import { faultCases } from "./matrix/faults.ts";
import { logCases } from "./matrix/logs.ts";
import {
  closelyTested,
  type ReleaseClusters,
  type Role,
  rolesOf,
  startRelease,
} from "./matrix/pair.ts";
import { securityCases } from "./matrix/security.ts";
import { currentCommit, turnOf } from "./matrix/turn.ts";

/** The checks come first: they want clusters that have had nothing yet. */
const cases: readonly MatrixCase[] = [...checks, ...logCases, ...securityCases, ...faultCases];

const { versions, reason } = turnOf(Deno.env.get("MATRIX"), await currentCommit());
Deno.stderr.writeSync(
  new TextEncoder().encode(`Matrix: ${versions.join(", ")} (${reason}; MATRIX=all for all)\n`),
);

let running: { readonly version: KafkaVersion; readonly clusters: ReleaseClusters } | undefined;

async function stop(): Promise<void> {
  const clusters = running?.clusters;
  running = undefined;
  await clusters?.[Symbol.asyncDispose]();
}

/** The clusters of one release at a time. */
async function clustersOf(version: KafkaVersion): Promise<ReleaseClusters> {
  if (running?.version !== version) {
    await stop();
    running = { version, clusters: await startRelease(version) };
  }
  return running.clusters;
}

Deno.test.afterAll(stop);

function isAbout(one: MatrixCase, version: KafkaVersion, role: Role): boolean {
  return (one.role ?? role) === role &&
    (one.closely === undefined || closelyTested.includes(version)) &&
    (one.applies === undefined || one.applies({ version, role }));
}

for (const version of versions) {
  // A case meets both roles before the next one does, so that the checks of both come first.
  for (const one of cases) {
    for (const role of rolesOf(version)) {
      if (!isAbout(one, version, role)) continue;
      Deno.test({
        name: `${version} as the ${role}: ${one.title}`,
        // The judge, which outlives the test, always has a read under way.
        sanitizeOps: false,
        sanitizeResources: false,
        fn: async () => await one.run((await clustersOf(version)).as(role)),
      });
    }
  }
}
