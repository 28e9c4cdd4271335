/**
 * The matrix: every release of kafka_releases.ts as a source of every log that it can hold and, where it can be one, as
 * a target; some of them also killed, changing leaders, and secured. `./denow task matrix` tests all releases, a run of
 * all tests one of them on one side, by turns (matrix/turn.ts), MATRIX=1.1.1,2.8.2 those two.
 */

import type { KafkaVersion } from "../support/kafka_releases.ts";
import type { MatrixCase } from "./matrix/case.ts";
import { checks } from "./matrix/checks.ts";
import { faultCases } from "./matrix/faults.ts";
import { logCases } from "./matrix/logs.ts";
import { type ReleaseClusters, startRelease } from "./matrix/pair.ts";
import { closelyTested } from "./matrix/roles.ts";
import { securityCases } from "./matrix/security.ts";
import { currentCommit } from "../support/commit_turn.ts";
import { type MatrixPart, turnOf } from "./matrix/turn.ts";

/** The checks come first: they want clusters that have had nothing yet. */
const cases: readonly MatrixCase[] = [...checks, ...logCases, ...securityCases, ...faultCases];

const { parts, reason } = turnOf(Deno.env.get("MATRIX"), await currentCommit());
const named = parts.map(({ version, role }) => `${version} as the ${role}`).join(", ");
Deno.stderr.writeSync(new TextEncoder().encode(`Matrix: ${named} (${reason})\n`));

let running:
  | { readonly version: KafkaVersion; readonly clusters: Promise<ReleaseClusters> }
  | undefined;

async function stop(): Promise<void> {
  const clusters = await running?.clusters.catch(() => undefined);
  running = undefined;
  await clusters?.[Symbol.asyncDispose]();
}

/** The clusters of one release at a time; where they did not start, none of its cases tries again. */
async function clustersOf(version: KafkaVersion): Promise<ReleaseClusters> {
  if (running?.version !== version) {
    await stop();
    running = { version, clusters: startRelease(version) };
  }
  return await running.clusters;
}

Deno.test.afterAll(stop);

function isAbout(one: MatrixCase, { version, role }: MatrixPart): boolean {
  return (one.role ?? role) === role &&
    (one.closely === undefined || closelyTested.includes(version)) &&
    (one.applies === undefined || one.applies({ version, role }));
}

for (const version of new Set(parts.map((part) => part.version))) {
  // A case meets both sides before the next one does, so that the checks of both come first.
  for (const one of cases) {
    for (const part of parts) {
      if (part.version !== version || !isAbout(one, part)) continue;
      const { role } = part;
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
