/**
 * Apache Kafka's jars, fetched by Maven on first use into `.tools/broker-<version>/lib` after `tests/kafka/pom.xml`, with
 * the mends of kafka_releases.ts. Refuses to start anything.
 */

import { fileURLToPath } from "node:url";
import { type KafkaVersion, releaseOf } from "./kafka_releases.ts";
import { mavenJars } from "./maven.ts";

/**
 * Fetches one release unless it is there.
 * @returns the class path to give to `java -cp`: the folder's jars, as Java's own wildcard
 */
export async function kafkaClassPath(version: KafkaVersion): Promise<string> {
  const { scala, mends } = releaseOf(version);
  return await mavenJars({
    name: `broker-${version}`,
    pom: fileURLToPath(new URL("../kafka/pom.xml", import.meta.url)),
    options: [
      ...[`-Dkafka.version=${version}`, `-Dscala.version=${scala}`],
      ...(mends.length === 0 ? [] : ["-P", mends.join(",")]),
    ],
    title: `Kafka ${version} with Maven`,
    size: "about 45 MB, and 20 MB of Maven's own where it has none yet",
  });
}
