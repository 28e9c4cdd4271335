// Topic settings (configs) in force on a cluster, and those of them that decide how messages are kept. Nothing here
// compares two clusters; lib/findings/setting_findings.ts does.

/** The settings of one topic. */
export interface TopicSettings {
  /** `max.message.bytes`: the limit for a batch, header included. */
  readonly maxMessageBytes?: number;
  /** `message.timestamp.type=LogAppendTime`: the broker sets every timestamp. */
  readonly logAppendTime: boolean;
  /** `cleanup.policy` contains `compact`. */
  readonly compacted: boolean;
  /** The broker deletes messages older than this; absent where it deletes none for their age. */
  readonly retentionMs?: number;
  /** Size limit of a partition, beyond which the broker deletes the oldest messages; absent where there is none. */
  readonly retentionBytes?: number;
  /** How far a timestamp may be before the broker's clock (KIP-937); absent where the broker accepts any. */
  readonly timestampBeforeMaxMs?: number;
  /** How far a timestamp may be after the broker's clock; absent where the broker accepts any. */
  readonly timestampAfterMaxMs?: number;
  /** Every setting in force, by name. */
  readonly values: ReadonlyMap<string, string>;
  /** Names of the settings that are set on the topic itself. */
  readonly own: ReadonlySet<string>;
}

/** One setting as a broker describes it. */
export interface DescribedSetting {
  readonly name: string;
  readonly value: string;
  /** `DescribeConfigsResponse.ConfigSource`. */
  readonly source: number;
}

/** `DYNAMIC_TOPIC_CONFIG`: set on the topic itself. */
const OF_THE_TOPIC = 1;
/** The value in milliseconds that brokers treat as "no limit": the largest long. */
const NO_LIMIT = 2 ** 63;

/** Reads the settings that a broker returned for a topic. */
export function topicSettings(described: readonly DescribedSetting[]): TopicSettings {
  const values = new Map(described.map(({ name, value }) => [name, value]));
  const limit = (name: string): number | undefined => {
    const value = Number(values.get(name) ?? "-1");
    return value >= 0 && value < NO_LIMIT ? value : undefined;
  };
  const policies = (values.get("cleanup.policy") ?? "").split(",").map((each) => each.trim());
  const deletes = policies.includes("delete");
  // Kafka 3.6 to 3.9 have both settings; the older one applies where the newer one is not set (LogConfig.java).
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
