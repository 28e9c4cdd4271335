// What the user may do to topics and to the cluster, as a broker tells it with Metadata (KIP-430). It asks for nothing
// to be allowed.

import { KAFKA_ERRORS } from "../core/kafka_error.ts";
import type { ClusterPermissions, TopicPermission } from "../core/permission_findings.ts";
import {
  decodeMetadata,
  encodeMetadata,
  METADATA_API_KEY,
  METADATA_WITH_OPERATIONS,
} from "../wire/metadata.ts";
import { requireVersion } from "../wire/api_version.ts";
import type { Cluster } from "./cluster.ts";

/** Asks for the permissions on the named topics and the cluster. @throws {ConnectionError | ProtocolError} */
export async function fetchPermissions(
  cluster: Cluster,
  names: readonly string[],
): Promise<ClusterPermissions> {
  const broker = await cluster.anyControl();
  const version = requireVersion(broker, METADATA_API_KEY, METADATA_WITH_OPERATIONS);
  const request = encodeMetadata(version, names, true);
  const { topics, operations } = decodeMetadata(version, await broker.connection.send(request));
  return {
    ...(operations !== undefined && { operations }),
    topics: topics.map(({ topic, errorCode, operations }): TopicPermission => ({
      topic,
      hidden: errorCode === KAFKA_ERRORS.TOPIC_AUTHORIZATION_FAILED,
      ...(operations !== undefined && { operations }),
    })),
  };
}
