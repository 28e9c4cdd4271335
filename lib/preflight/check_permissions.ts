// Asks both clusters what their users may do and judges it against what the plan needs.

import type { ClusterConfig, MigrationConfig } from "../config/migration_config.ts";
import { formatAddress } from "../config/address.ts";
import type { Finding } from "../model/finding.ts";
import {
  groupPermissionFindings,
  notAuthorized,
  permissionFindings,
  type Permitted,
} from "../findings/permission_findings.ts";
import { partitionsNeeded, partitionsToCopy, type Plan } from "../plan/plan.ts";
import type { ClusterSnapshot } from "../model/snapshot.ts";
import { topicsOf } from "../model/topic_partition.ts";
import type { Cluster, ClusterRole } from "../kafka/cluster.ts";
import { fetchPermissions } from "../kafka/permissions.ts";
import { type PartitionEnd, topicsWithoutRead } from "../kafka/read_permission.ts";
import { carriesGroupOffsets } from "./carries_group_offsets.ts";
import { optional } from "../model/optional.ts";

/** What is missing on the source: Read on the topics to be copied, and on those that the config names but nobody shows us. */
export async function sourcePermissions(
  cluster: Cluster,
  config: MigrationConfig,
  plan: Plan,
  snapshot: ClusterSnapshot,
): Promise<readonly Finding[]> {
  const { topics: { include }, ranges } = config;
  const named = [...include, ...ranges?.map(({ topic }) => topic) ?? []];
  const unseen = [...new Set(named)].filter((pattern) =>
    /^[\w.-]+$/.test(pattern) && !snapshot.topics.has(pattern)
  );
  const permissions = await fetchPermissions(cluster, [...topicsToCopy(plan), ...unseen]);
  const permitted = permittedOn("source", config.source);
  // A name that stands in the config may be that of a topic that does not exist: only hidden ones are of interest.
  const topics = permissions.topics.filter(({ topic, hidden }) =>
    hidden || !unseen.includes(topic)
  );
  const unreadable = permissions.told === false
    ? await topicsWithoutRead(cluster, endsToRead(plan, snapshot))
    : [];
  return [
    ...permissionFindings({ ...permissions, topics }, ["Read"], permitted),
    ...(unreadable.length === 0 ? [] : [notAuthorized("Read", "topic", unreadable, permitted)]),
    ...(ranges === undefined ? groupPermissionFindings(permissions, permitted) : []),
  ];
}

/** What is missing on the target: Write, and Read, with which a run finds out how far an earlier one got and moves groups. */
export async function targetPermissions(
  cluster: Cluster,
  config: MigrationConfig,
  plan: Plan,
): Promise<{ readonly findings: readonly Finding[]; readonly hidden: ReadonlySet<string> }> {
  const written = new Set(topicsToCopy(plan));
  const needed = topicsOf(partitionsNeeded(plan, carriesGroupOffsets(config)));
  const permissions = await fetchPermissions(cluster, needed);
  const toWrite = permissions.topics.filter(({ topic }) => written.has(topic));
  const permitted = permittedOn("target", config.target);
  return {
    findings: [
      ...permissionFindings({ ...permissions, topics: toWrite }, ["Write"], permitted),
      ...permissionFindings(permissions, ["Read"], permitted),
    ],
    hidden: new Set(permissions.topics.filter(({ hidden }) => hidden).map(({ topic }) => topic)),
  };
}

/** The end of one partition of each topic to be copied. */
function endsToRead(plan: Plan, { topics }: ClusterSnapshot): readonly PartitionEnd[] {
  return [...Map.groupBy(partitionsToCopy(plan), ({ topic }) => topic)].flatMap(
    ([topic, partitions]) =>
      partitions.flatMap(({ partition }) => {
        const { leader = -1, offsets } = topics.get(topic)?.partitions[partition] ?? {};
        if (leader < 0 || offsets === undefined) return [];
        return [{ topic, partition, leader, highWatermark: offsets.highWatermark }];
      }).slice(0, 1),
  );
}

function topicsToCopy(plan: Plan): readonly string[] {
  return topicsOf(partitionsToCopy(plan));
}

/** The user that findings name. */
export function permittedOn(cluster: ClusterRole, config: ClusterConfig): Permitted {
  const [first] = config.bootstrapServers;
  return {
    cluster,
    bootstrap: first === undefined ? "BROKER" : formatAddress(first),
    ...optional("principal", principalOf(config)),
  };
}

/** Who brokers take us for, where that is known here: the default principal builder's name. */
function principalOf({ sasl, tls }: ClusterConfig): string | undefined {
  if (sasl !== undefined) return "username" in sasl ? `User:${sasl.username}` : undefined;
  return tls?.cert === undefined ? "User:ANONYMOUS" : undefined;
}
