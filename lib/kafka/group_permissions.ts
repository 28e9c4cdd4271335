// For which groups the user may not commit offsets, found out without committing any. A Heartbeat asks for the
// permission that OffsetCommit needs, Read on the group, before the broker looks at anything else (KafkaApis,
// handleHeartbeatRequest), and with a member id that nobody has it changes nothing. DescribeGroups tells permissions
// only for groups whose coordinator was looked up, which has a cluster without groups create __consumer_offsets.

import { KAFKA_ERRORS } from "../model/kafka_error.ts";
import { sendKafkajsRequest } from "../wire/kafkajs_protocol.ts";
import type { Cluster } from "./cluster.ts";
import { forEachAtOnce } from "../waiting/for_each_at_once.ts";

/** A request a group, so many under way. */
const REQUESTS_AT_ONCE = 64;

interface HeartbeatResponse {
  readonly errorCode: number;
}

/** Those of the groups, there or not, that the user has no Read on. @throws {ConnectionError | ProtocolError} */
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
