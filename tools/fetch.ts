/**
 * What the tests need beyond this tree, fetched before the first of them, so that nobody waits for a test without knowing
 * for what: `deno task test` begins with it. Prints nothing where everything is there.
 */

import { KAFKA_VERSIONS_TRIED } from "../lib/version.ts";
import { CONNECT_VERSIONS_TRIED, connectClassPath } from "../tests/support/connect_workers.ts";
import { kafkaClassPath } from "../tests/support/kafka_jars.ts";
import { judgeEnvironment } from "../tests/support/librdkafka.ts";
import { ensureForTests } from "../tests/support/prerequisites.ts";
import { tellWaits } from "../tests/support/waiting.ts";

async function fetchAll(): Promise<void> {
  tellWaits(say);
  const [kafka, connect] = [KAFKA_VERSIONS_TRIED, CONNECT_VERSIONS_TRIED];
  await ensureForTests([
    ...kafka.map((version) => `kafka-${version}`),
    ...connect.map((version) => `connect-${version}`),
  ]);
  await Promise.all([judgeEnvironment(), fetchJars()]);

  // One after the other: Maven's own cache is not made for two that fill it at once.
  async function fetchJars(): Promise<void> {
    for (const version of kafka) await kafkaClassPath(version);
    for (const version of connect) await connectClassPath(version);
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
