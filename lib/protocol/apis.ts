// Every request that this program sends: its API key, the versions that this program can write and read, the lowest
// version that a source or a target has to speak, and the Kafka release that first spoke a version. Only this file
// knows these lowest versions; it is data and decides nothing.

/** Versions of one API, both ends included. */
export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/** One API, and the versions that this program speaks. */
export interface Api extends VersionRange {
  /** Kafka's number for the API. */
  readonly key: number;
  /** The lowest version that a cluster in that role has to speak; if absent, the program does without this API. */
  readonly floor?: { readonly source?: number; readonly target?: number };
  /** The first Kafka release that spoke a version; used in messages. */
  readonly since: Readonly<Record<number, string>>;
}

/**
 * The APIs by Kafka's names. The releases under `since` come from Kafka's message schemas and from the brokers themselves
 * (ApiVersions of 0.10.2.2 to 4.1.0). APIs that kafkajs encodes have the versions that kafkajs knows.
 */
export const APIS = {
  /**
   * 5: brokers remember five batches of a producer; an unknown producer has its own error. 7: zstd. 8: record errors
   * (KIP-467).
   */
  Produce: {
    ...{ key: 0, min: 5, max: 8, floor: { target: 5 } },
    since: { 5: "1.0", 7: "2.1", 8: "2.4" },
  },
  /**
   * 3: the first batch is returned whole even above the limit (KIP-74). 4: isolation levels. 8: quotas ask to wait
   * (KIP-219).
   */
  Fetch: {
    ...{ key: 1, min: 3, max: 11, floor: { source: 3, target: 4 } },
    since: { 3: "0.10.1", 4: "0.11.0", 8: "2.0", 10: "2.1", 11: "2.3" },
  },
  /** The same request with topic ids in place of names (KIP-516). */
  FetchById: { key: 1, min: 13, max: 13, since: { 13: "3.1" } },
  /**
   * 1: one offset a partition. 2: isolation levels. 5 is not sent; a broker that speaks it waits for its high
   * watermark (KIP-207).
   */
  ListOffsets: {
    ...{ key: 2, min: 1, max: 3, floor: { source: 1, target: 2 } },
    since: { 1: "0.10.1", 2: "0.11.0", 3: "2.0", 5: "2.2" },
  },
  /** 2: the cluster's id. 4: naming a topic need not create it. 7: leader epochs. 8: permissions. 10: topic ids. */
  Metadata: {
    ...{ key: 3, min: 2, max: 12, floor: { source: 2, target: 4 } },
    since: { 2: "0.10.1", 4: "0.11.0", 7: "2.1", 8: "2.3", 10: "2.8" },
  },
  OffsetCommit: { key: 8, min: 0, max: 5, since: { 0: "0.8.1" } },
  /** 2: all offsets of a group. 7: only stable ones. 8: many groups. */
  OffsetFetch: {
    ...{ key: 9, min: 2, max: 8, floor: { source: 2 } },
    since: { 2: "0.10.2", 7: "2.5", 8: "3.0" },
  },
  FindCoordinator: { key: 10, min: 0, max: 2, since: { 0: "0.8.2" } },
  Heartbeat: { key: 12, min: 0, max: 3, since: { 0: "0.9.0" } },
  DescribeGroups: { key: 15, min: 0, max: 2, since: { 0: "0.9.0" } },
  /** 4: states of groups. 5: their types. */
  ListGroups: {
    ...{ key: 16, min: 0, max: 5, floor: { source: 0 } },
    since: { 0: "0.9.0", 4: "2.6", 5: "3.8" },
  },
  ApiVersions: { key: 18, min: 0, max: 0, since: { 0: "0.10.0" } },
  /** 5: the answer holds the topic's settings (KIP-525). */
  CreateTopics: { key: 19, min: 2, max: 5, since: { 2: "0.11.0", 5: "2.4" } },
  DeleteTopics: { key: 20, min: 0, max: 1, since: { 0: "0.10.1" } },
  InitProducerId: { key: 22, min: 0, max: 1, floor: { target: 0 }, since: { 0: "0.11.0" } },
  DescribeConfigs: { key: 32, min: 0, max: 2, since: { 0: "0.11.0", 1: "1.1" } },
  DescribeLogDirs: { key: 35, min: 0, max: 1, since: { 0: "1.0" } },
  SaslAuthenticate: { key: 36, min: 0, max: 1, since: { 0: "1.0" } },
  DescribeProducers: { key: 61, min: 0, max: 0, since: { 0: "2.8" } },
} as const satisfies Readonly<Record<string, Api>>;

/** The name of an API. */
export type ApiName = keyof typeof APIS;
