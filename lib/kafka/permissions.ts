// What the user may do to topics and to the cluster, as a broker tells it with Metadata (KIP-430, Kafka ≥ 2.3). It asks
// for nothing to be allowed.

import type { ClusterPermissions, TopicPermission } from "../core/permission_findings.ts";
import { decodeMetadata, encodeMetadata, METADATA_WITH_OPERATIONS } from "../wire/metadata.ts";
import { supportedVersion } from "../wire/api_version.ts";
import { fetchMetadata } from "./metadata.ts";
import type { Cluster } from "./cluster.ts";

const TOPIC_AUTHORIZATION_FAILED = 29;

/**
 * Asks for the permissions on the named topics and the cluster.
 *
 * @returns without any operations where the broker does not tell them
 * @throws {ConnectionError | ProtocolError}
 */
export async function fetchPermissions(
  cluster: Cluster,
  names: readonly string[],
): Promise<ClusterPermissions> {
  const broker = await cluster.anyControl();
  const version = supportedVersion(broker, "Metadata", METADATA_WITH_OPERATIONS);
  const { topics, operations } = version === undefined
    ? await fetchMetadata(broker, names)
    : decodeMetadata(
      version,
      await broker.connection.send(encodeMetadata(version, names, true)),
    );
  return {
    ...(operations !== undefined && { operations }),
    topics: topics.map(({ topic, errorCode, operations }): TopicPermission => ({
      topic,
      hidden: errorCode === TOPIC_AUTHORIZATION_FAILED,
      ...(operations !== undefined && { operations }),
    })),
  };
}
