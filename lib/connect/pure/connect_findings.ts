// What stands in the way of a copy by Kafka Connect, from what its cluster answers and from the plan. It asks nobody.

import { compareNames } from "../../model/compare_names.ts";
import { type Finding, finding } from "../../model/finding.ts";
import { escapeName, listNames } from "../../model/escape_name.ts";
import type { ClusterSnapshot } from "../../model/snapshot.ts";
import { isOlder, keepsToItself } from "./connect_version.ts";
import { CONNECTOR_CLASS } from "./connector_config.ts";

/** What a Connect cluster says of itself. */
export interface ConnectFacts {
  readonly url: string;
  readonly version: string;
  /** The Kafka cluster that keeps its state, and that it writes to. */
  readonly kafkaClusterId: string;
  readonly plugins: readonly string[];
}

/** Before 3.7 (KIP-980) a connector runs before it can be told where to begin. */
const OLDEST = [3, 7] as const;
const EXACTLY_ONCE = "exactly.once.support";

/** What is wrong with the cluster itself. */
export function clusterFindings(
  { url, version, kafkaClusterId, plugins }: ConnectFacts,
  target: ClusterSnapshot,
): readonly Finding[] {
  const shown = escapeName(version);
  const unsupported = (message: string, remedy: string) =>
    finding("CONNECT_UNSUPPORTED", {}, message, remedy);
  return [
    ...(isOlder(version, OLDEST)
      ? [unsupported(
        `Kafka Connect at ${url} has version ${shown}, whose connectors run before they can be told where to begin`,
        `Use Kafka Connect ${OLDEST.join(".")} or newer, or engine: local`,
      )]
      : []),
    ...(plugins.includes(CONNECTOR_CLASS) ? [] : [unsupported(
      `The worker at ${url} has no ${CONNECTOR_CLASS}`,
      "Put connect-mirror and connect-mirror-client of its version on the plugin.path of every worker, or use engine: local",
    )]),
    // Its producers, and the offsets that belong to what they write, are bound to that cluster.
    ...(target.clusterId === "" || target.clusterId === kafkaClusterId ? [] : [unsupported(
      `Kafka Connect at ${url} keeps its state on Kafka cluster ${
        escapeName(kafkaClusterId)
      }, which is not the target (${
        escapeName(target.clusterId)
      }): offsets and messages could not be written in one transaction`,
      "Use workers whose bootstrap.servers are those of the target, or engine: local",
    )]),
  ];
}

/**
 * Sources that Connect's consumers don't read from: Kafka's clients since 4.0 need brokers since 2.1 (KIP-896).
 *
 * @param brokers node ids of those that do not speak what 2.1 brought
 */
export function oldSourceFindings(brokers: readonly number[]): readonly Finding[] {
  return brokers.length === 0 ? [] : [finding(
    "CONNECT_UNSUPPORTED",
    { cluster: "source" },
    `The source cannot be read by Kafka Connect, whose clients need Kafka 2.1 or newer (KIP-896): broker ${
      brokers.join(", ")
    } does not speak Fetch 10`,
    "Use engine: local, which reads from Kafka 0.10.2 on",
  )];
}

/** What Connect has against the configuration of a connector. */
export function settingFindings(
  url: string,
  problems: readonly { readonly setting: string; readonly errors: readonly string[] }[],
): readonly Finding[] {
  return problems.map(({ setting, errors }) => {
    const exactlyOnce = setting === EXACTLY_ONCE;
    const override = /^(producer|consumer|admin)\.override\./.test(setting);
    return finding(
      "CONNECT_UNSUPPORTED",
      {},
      `Kafka Connect at ${url} refuses ${escapeName(setting)}: ${errors.join("; ")}`,
      exactlyOnce
        ? "Set exactly.once.source.support=enabled on every worker (by way of preparing, see KIP-618), or use engine: local"
        : override
        ? "Set connector.client.config.override.policy=All on every worker, or use engine: local"
        : "Correct what it says, or use engine: local",
    );
  });
}

/** Topics that a connector would rename, leave out, or whose copy could not be counted. */
export function topicFindings(
  topics: readonly string[],
  { version, source, target }: {
    /** Of Connect. */
    readonly version: string;
    readonly source: ClusterSnapshot;
    readonly target: ClusterSnapshot;
  },
): readonly Finding[] {
  const refuse = (refused: readonly string[], why: string) =>
    refused.length === 0 ? [] : [finding(
      "CONNECT_TOPIC_REFUSED",
      { topics: refused },
      `${why}: ${listNames(refused)}`,
      "Migrate them with engine: local, by another config; leave them out here with topics.exclude",
    )];
  const offline = (topic: string) =>
    source.topics.get(topic)?.partitions.some(({ offsets }) => offsets === undefined) ?? false;
  const compacted = (topic: string) => target.topics.get(topic)?.settings?.compacted ?? false;
  return [
    ...refuse(
      topics.filter(isHeartbeats),
      "MirrorMaker 2 renames topics whose names end in heartbeats",
    ),
    ...refuse(
      topics.filter((topic) => isInternal(topic, version)),
      "MirrorMaker 2 takes these topics for its own and leaves them out",
    ),
    ...refuse(
      topics.filter(compacted),
      "Copies by Connect to compacted topics cannot be counted, since its records have no numbers",
    ),
    ...refuse(
      topics.filter(offline),
      "MirrorMaker 2 copies every partition, and the offsets of some are not known",
    ),
  ];
}

/**
 * What an older MirrorMaker 2 would copy unasked.
 *
 * @param topics all that the source has
 */
export function unaskedFindings(
  { url, version }: Pick<ConnectFacts, "url" | "version">,
  topics: readonly string[],
): readonly Finding[] {
  const unasked = keepsToItself(version) ? [] : topics.filter(isHeartbeats).sort(compareNames);
  return unasked.length === 0 ? [] : [finding(
    "CONNECT_UNSUPPORTED",
    { topics: unasked },
    `Kafka Connect at ${url} has version ${
      escapeName(version)
    }, whose MirrorMaker 2 copies heartbeats whether asked to or not: ${listNames(unasked)}`,
    "Use Kafka Connect 3.9 or newer, or engine: local",
  )];
}

/** IdentityReplicationPolicy.formatRemoteTopic. */
function isHeartbeats(topic: string): boolean {
  return topic.endsWith("heartbeats");
}

/** ReplicationPolicy.isInternalTopic, of which 3.7 to 3.9 had a wider idea than 4.1. */
function isInternal(topic: string, version: string): boolean {
  return /^(__|[.])|^mm2.*[.]internal$|[.]checkpoints[.]internal$/.test(topic) ||
    (isOlder(version, [4, 1]) && /[-.]internal$/.test(topic));
}
