/**
 * What the tests need beyond this tree is fetched, and the binary compiled, before the first of them, so that nobody waits
 * for a test without knowing for what: `deno task test` begins with it. Prints nothing where everything is there and the sources are the same.
 */

import { KAFKA_VERSIONS_TRIED } from "../lib/process/version.ts";
import { compiledBinary } from "../tests/support/compiled_binary.ts";
import { CONNECT_VERSIONS_TRIED, connectClassPath } from "../tests/support/connect_workers.ts";
import { toolsDirectory } from "../tests/support/install_once.ts";
import { kafkaClassPath } from "../tests/support/kafka_jars.ts";
import { judgeEnvironment } from "../tests/support/librdkafka.ts";
import { ensureForTests } from "../tests/support/prerequisites.ts";
import { tellWait, tellWaits } from "../tests/support/waiting.ts";
import { findBase, hasBase } from "./compile/base.ts";
import { targets } from "./compile/target.ts";

async function fetchAll(): Promise<void> {
  tellWaits(say);
  const [kafka, connect] = [KAFKA_VERSIONS_TRIED, CONNECT_VERSIONS_TRIED];
  await ensureForTests([
    ...kafka.map((version) => `broker-${version}`),
    ...connect.map((version) => `connect-${version}`),
  ]);
  await Promise.all([judgeEnvironment(), fetchJars(), fetchBases()]);
  await compiledBinary();

  // One after the other: Maven's own cache is not made for two that fill it at once.
  async function fetchJars(): Promise<void> {
    for (const version of kafka) await kafkaClassPath(version);
    for (const version of connect) await connectClassPath(version);
  }
}

async function fetchBases(): Promise<void> {
  if (Deno.env.has("DENORT_BIN")) return;
  const cache = toolsDirectory;
  for (const target of targets) {
    if (await hasBase(target, cache)) continue;
    const what = `Fetching Deno's runtime base for ${target.triple}`;
    const quiet = { denortBin: undefined, officialOnly: false, say: () => {} };
    await tellWait(what, "about 45 MB", () => findBase({ target, cache, ...quiet }));
  }
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

try {
  await fetchAll();
} catch (error) {
  say(`Cannot run the tests: ${error instanceof Error ? error.message : error}`);
  Deno.exitCode = 1;
}
