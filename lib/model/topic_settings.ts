// Topic settings (configs) as a cluster has them in force, and what of them decides how messages are kept. Nothing here
// compares two clusters; lib/findings/setting_findings.ts does.

/** The settings of one topic. */
export interface TopicSettings {
  /** `max.message.bytes`: of a batch, header included. */
  readonly maxMessageBytes?: number;
  /** `message.timestamp.type=LogAppendTime`: the broker sets every timestamp. */
  readonly logAppendTime: boolean;
  /** `cleanup.policy` contains `compact`. */
  readonly compacted: boolean;
  /** Older messages are deleted; absent where none is because of its age. */
  readonly retentionMs?: number;
  /** Of a partition; beyond it the oldest messages are deleted. Absent where none is because of the size. */
  readonly retentionBytes?: number;
  /** How far behind its clock a broker takes timestamps (KIP-937); absent where it takes all. */
  readonly timestampBeforeMaxMs?: number;
  /** How far ahead. */
  readonly timestampAfterMaxMs?: number;
  /** Everything in force, by name. */
  readonly values: ReadonlyMap<string, string>;
  /** Names of those that are set on the topic itself. */
  readonly own: ReadonlySet<string>;
}

/** One setting as brokers describe it. */
export interface DescribedSetting {
  readonly name: string;
  readonly value: string;
  /** `DescribeConfigsResponse.ConfigSource`. */
  readonly source: number;
}

/** `DYNAMIC_TOPIC_CONFIG`: set on the topic itself. */
const OF_THE_TOPIC = 1;
/** What brokers take for "no limit" in milliseconds: the largest long. */
const NO_LIMIT = 2 ** 63;

/** Reads what a broker tells of a topic. */
export function topicSettings(described: readonly DescribedSetting[]): TopicSettings {
  const values = new Map(described.map(({ name, value }) => [name, value]));
  const limit = (name: string): number | undefined => {
    const value = Number(values.get(name) ?? "-1");
    return value >= 0 && value < NO_LIMIT ? value : undefined;
  };
  const policies = (values.get("cleanup.policy") ?? "").split(",").map((each) => each.trim());
  const deletes = policies.includes("delete");
  // Kafka 3.6 to 3.9 know both; the older one counts where the newer is not set (LogConfig.java).
  const difference = limit("message.timestamp.difference.max.ms");
  const found = {
    maxMessageBytes: limit("max.message.bytes"),
    retentionMs: deletes ? limit("retention.ms") : undefined,
    retentionBytes: deletes ? limit("retention.bytes") : undefined,
    timestampBeforeMaxMs: limit("message.timestamp.before.max.ms") ?? difference,
    timestampAfterMaxMs: limit("message.timestamp.after.max.ms") ?? difference,
  };
  return {
    ...Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)),
    logAppendTime: values.get("message.timestamp.type") === "LogAppendTime",
    compacted: policies.includes("compact"),
    values,
    own: new Set(described.filter(({ source }) => source === OF_THE_TOPIC).map(({ name }) => name)),
  };
}
