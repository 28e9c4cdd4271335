// Finds out for which groups the user may not commit offsets, without committing any. For a Heartbeat the broker
// checks the permission that OffsetCommit needs, Read on the group, before anything else (KafkaApis,
// handleHeartbeatRequest), and with a member id that no member has, a Heartbeat changes nothing. DescribeGroups tells
// permissions only for groups whose coordinator was looked up, and that lookup makes a cluster without groups create
// __consumer_offsets.

import { KAFKA_ERRORS } from "../model/kafka_error.ts";
import { sendKafkajsRequest } from "../wire/kafkajs_protocol.ts";
import type { Cluster } from "./cluster.ts";
import { forEachAtOnce } from "../waiting/for_each_at_once.ts";

/** There is one request for each group; so many are in flight at once. */
const REQUESTS_AT_ONCE = 64;

interface HeartbeatResponse {
  readonly errorCode: number;
}

/** The groups, existing or not, that the user has no Read on. @throws {ConnectionError | ProtocolError} */
export async function groupsWithoutRead(
  cluster: Cluster,
  groups: readonly string[],
): Promise<readonly string[]> {
  const broker = await cluster.anyControl();
  const refused = new Set<string>();
  await forEachAtOnce(groups, REQUESTS_AT_ONCE, async (groupId) => {
    const { errorCode } = await sendKafkajsRequest<HeartbeatResponse>(
      broker,
      "Heartbeat",
      { groupId, groupGenerationId: -1, memberId: "" },
    );
    if (errorCode === KAFKA_ERRORS.GROUP_AUTHORIZATION_FAILED) refused.add(groupId);
  });
  return groups.filter((group) => refused.has(group));
}
