// What the user may do to topics and to the cluster, as a broker tells it in Metadata (KIP-430, Kafka ≥ 2.3). Asking
// needs no permission.

import { KAFKA_ERRORS } from "../model/kafka_error.ts";
import type { ClusterPermissions, TopicPermission } from "../model/cluster_permissions.ts";
import type { BrokerConnection } from "../wire/broker_connection.ts";
import { decodeDescribeLogDirs, encodeDescribeLogDirs } from "../protocol/describe_log_dirs.ts";
import { decodeMetadata, encodeMetadata, METADATA_WITH_OPERATIONS } from "../protocol/metadata.ts";
import { supportedVersion } from "../wire/api_version.ts";
import { fetchMetadata } from "./metadata.ts";
import type { Cluster } from "./cluster.ts";

/** The bit of `AclOperation.DESCRIBE`. */
const DESCRIBE = 1 << 8;

/**
 * Asks for the permissions on the named topics and the cluster.
 *
 * @returns the permissions; if the broker does not tell them, only Describe on the cluster and which topics are hidden
 * @throws {ConnectionError | ProtocolError}
 */
export async function fetchPermissions(
  cluster: Cluster,
  names: readonly string[],
): Promise<ClusterPermissions> {
  const broker = await cluster.anyControl();
  const version = supportedVersion(broker, "Metadata", METADATA_WITH_OPERATIONS);
  if (version === undefined) return await permissionsUntold(broker, names);
  const request = encodeMetadata(version, names, true);
  const { topics, operations } = decodeMetadata(version, await broker.connection.send(request));
  return {
    told: true,
    ...(operations !== undefined && { operations }),
    topics: topics.map(({ topic, errorCode, operations }): TopicPermission => ({
      topic,
      hidden: errorCode === KAFKA_ERRORS.TOPIC_AUTHORIZATION_FAILED,
      ...(operations !== undefined && { operations }),
    })),
  };
}

/**
 * What can be found out if permissions are not told: which topics are hidden, and whether the user has Describe on the
 * cluster. Without it DescribeLogDirs (Kafka ≥ 1.0) returns no directories. From 2.1 on it also lets a user see all
 * groups.
 */
async function permissionsUntold(
  broker: BrokerConnection,
  names: readonly string[],
): Promise<ClusterPermissions> {
  const [{ topics }, describesCluster] = await Promise.all([
    fetchMetadata(broker, names),
    mayDescribeCluster(broker),
  ]);
  return {
    told: false,
    ...(describesCluster !== undefined && { operations: describesCluster ? DESCRIBE : 0 }),
    topics: topics.map(({ topic, errorCode }): TopicPermission => ({
      topic,
      hidden: errorCode === KAFKA_ERRORS.TOPIC_AUTHORIZATION_FAILED,
    })),
  };
}

async function mayDescribeCluster(broker: BrokerConnection): Promise<boolean | undefined> {
  const version = supportedVersion(broker, "DescribeLogDirs");
  if (version === undefined) return undefined;
  const frame = await broker.connection.send(encodeDescribeLogDirs(version, []));
  return decodeDescribeLogDirs(frame).length > 0;
}
