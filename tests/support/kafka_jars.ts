/**
 * Apache Kafka's jars, fetched by Maven on first use into `.tools/broker-<version>/lib` after `tests/kafka/pom.xml`, with
 * the mends of kafka_releases.ts. Refuses to start anything.
 */

import { fileURLToPath } from "node:url";
import { installOnce } from "./install_once.ts";
import { type KafkaVersion, releaseOf } from "./kafka_releases.ts";
import { ensureJavaAndMaven } from "./prerequisites.ts";
import { runCommand } from "./run_command.ts";

/**
 * Fetches one release unless it is there.
 * @returns the class path to give to `java -cp`: the folder's jars, as Java's own wildcard
 */
export async function kafkaClassPath(version: KafkaVersion): Promise<string> {
  const pom = fileURLToPath(new URL("../kafka/pom.xml", import.meta.url));
  const { scala, mends } = releaseOf(version);
  const choice = [
    ...[`-Dkafka.version=${version}`, `-Dscala.version=${scala}`],
    ...(mends.length === 0 ? [] : ["-P", mends.join(",")]),
  ];
  const recipe = [await Deno.readTextFile(pom), ...choice].join("\n");
  const directory = await installOnce(`broker-${version}`, recipe, async (directory) => {
    await ensureJavaAndMaven();
    await runCommand("mvn", [
      ...["-q", "-B", "-f", pom, ...choice],
      ...["dependency:copy-dependencies", "-DincludeScope=runtime"],
      `-DoutputDirectory=${directory}/lib`,
    ]);
  });
  return `${directory}/lib/*`;
}
