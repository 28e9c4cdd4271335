/**
 * Apache Kafka's jars, fetched by Maven on first use into `.tools/kafka-<version>/lib` after `tests/kafka/pom.xml`.
 * Refuses versions that the POM has no profile for.
 */

import { fileURLToPath } from "node:url";
import type { KAFKA_VERSIONS_TRIED } from "../../lib/version.ts";
import { installOnce } from "./install_once.ts";
import { ensureJavaAndMaven } from "./prerequisites.ts";
import { runCommand } from "./run_command.ts";

/** The releases that tests run against: the newest, the last that still had ZooKeeper, and one of the oldest. */
export type KafkaVersion = (typeof KAFKA_VERSIONS_TRIED)[number];

/**
 * Fetches one release unless it is there.
 * @returns the class path to give to `java -cp`: the folder's jars, as Java's own wildcard
 */
export async function kafkaClassPath(version: KafkaVersion): Promise<string> {
  const pom = fileURLToPath(new URL("../kafka/pom.xml", import.meta.url));
  const recipe = await Deno.readTextFile(pom);
  const directory = await installOnce(`kafka-${version}`, recipe, async (directory) => {
    await ensureJavaAndMaven();
    await runCommand("mvn", [
      ...["-q", "-B", "-f", pom, "-P", `kafka-${version}`],
      ...["dependency:copy-dependencies", "-DincludeScope=runtime"],
      `-DoutputDirectory=${directory}/lib`,
    ]);
  });
  return `${directory}/lib/*`;
}
