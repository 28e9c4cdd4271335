/**
 * ACLs on a test cluster, through kafkajs's administrator on the PLAINTEXT listener, whose user is a super user there.
 * Refuses to know which ones a migration needs: that is the tests' business.
 */

import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, logLevel } from "kafkajs";
import { ResourcePatternTypes } from "kafkajs";
import type { KafkaCluster } from "./kafka_cluster.ts";
import { kafkaClassPath } from "./kafka_jars.ts";
import { isSince, type KafkaVersion, releaseOf } from "./kafka_releases.ts";
import { runCommand } from "./run_command.ts";

/** One rule that allows. */
export interface Acl {
  /** `User:mover`. */
  readonly principal: string;
  readonly operation:
    | "READ"
    | "WRITE"
    | "DESCRIBE"
    | "DESCRIBE_CONFIGS"
    | "CREATE"
    | "IDEMPOTENT_WRITE";
  readonly resource: "TOPIC" | "GROUP" | "CLUSTER";
  /** `kafka-cluster` for the cluster. */
  readonly name: string;
}

/** Broker settings under which only what is allowed may be done, except by those who use PLAINTEXT. */
export const authorizingIn = (version: KafkaVersion): Readonly<Record<string, string>> => ({
  "authorizer.class.name": releaseOf(version).authorizer,
  "super.users": "User:ANONYMOUS",
  "allow.everyone.if.no.acl.found": "false",
});

/** The same for the version that a cluster has unless told. */
export const authorizing: Readonly<Record<string, string>> = authorizingIn("4.1.0");

/** Adds rules and waits until brokers have had the time to learn of them. */
export async function allow(cluster: KafkaCluster, acls: readonly Acl[]): Promise<void> {
  if (!isSince(cluster.version, "0.11.0.3")) {
    await allowInZookeeper(cluster, acls);
    return await untilLearned();
  }
  const kafka = new Kafka({ brokers: cluster.bootstrap.split(","), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.createAcls({
      acl: acls.map(({ principal, operation, resource, name }) => ({
        principal,
        host: "*",
        operation: AclOperationTypes[operation],
        permissionType: AclPermissionTypes.ALLOW,
        resourceType: AclResourceTypes[resource],
        resourceName: name,
        resourcePatternType: ResourcePatternTypes.LITERAL,
      })),
    });
  } finally {
    await admin.disconnect();
  }
  await untilLearned();
}

const untilLearned = () => new Promise<void>((resolve) => setTimeout(resolve, 300));

/** Brokers before 0.11 have no request for it: Kafka's own command writes where they look. */
async function allowInZookeeper(
  { version, zookeeper }: KafkaCluster,
  acls: readonly Acl[],
): Promise<void> {
  const classPath = await kafkaClassPath(version);
  // One after the other: rules of one resource are kept in one place.
  for (const { principal, operation, resource, name } of acls) {
    await runCommand("java", [
      ...["-XX:TieredStopAtLevel=1", "-cp", classPath, "kafka.admin.AclCommand"],
      ...["--authorizer-properties", `zookeeper.connect=${zookeeper}`, "--add"],
      ...["--allow-principal", principal],
      // Describe on the cluster, which listing groups takes, is none that this command can give.
      ...["--operation", resource === "CLUSTER" ? "all" : operation.toLowerCase()],
      ...(resource === "CLUSTER" ? ["--cluster"] : [`--${resource.toLowerCase()}`, name]),
    ]);
  }
}
