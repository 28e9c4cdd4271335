/**
 * Apache Kafka's jars, fetched by Maven on first use into `.tools/kafka-<version>/lib` after `tests/kafka/pom.xml`.
 * Refuses versions that the POM has no profile for.
 */

import { fileURLToPath } from "node:url";
import type { KAFKA_VERSIONS_TRIED } from "../../lib/version.ts";
import { mavenJars } from "./maven.ts";

/** The releases that tests run against: the newest, the last that still had ZooKeeper, and one of the oldest. */
export type KafkaVersion = (typeof KAFKA_VERSIONS_TRIED)[number];

/**
 * Fetches one release unless it is there.
 * @returns the class path to give to `java -cp`: the folder's jars, as Java's own wildcard
 */
export async function kafkaClassPath(version: KafkaVersion): Promise<string> {
  return await mavenJars({
    name: `kafka-${version}`,
    pom: fileURLToPath(new URL("../kafka/pom.xml", import.meta.url)),
    options: ["-P", `kafka-${version}`],
    title: `Kafka ${version} with Maven`,
    size: "about 45 MB, and 20 MB of Maven's own where it has none yet",
  });
}
