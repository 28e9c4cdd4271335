// Kafka's error codes as a data table (protocol guide, "Error Codes"): name, and what a client should do. Callers
// decide by code, never by text.

/**
 * What an error asks for: `retry` the same request after a backoff, `refresh` metadata (the leader or coordinator
 * moved) and then retry, or give up (`fatal`).
 */
export type KafkaErrorAction = "retry" | "refresh" | "fatal";

/** One row of the table. */
export interface KafkaError {
  readonly code: number;
  readonly name: string;
  readonly action: KafkaErrorAction;
}

type Row = readonly [code: number, name: string, action?: KafkaErrorAction];

const TABLE = [
  [-1, "UNKNOWN_SERVER_ERROR", "retry"],
  [1, "OFFSET_OUT_OF_RANGE"],
  [2, "CORRUPT_MESSAGE", "retry"],
  [3, "UNKNOWN_TOPIC_OR_PARTITION", "refresh"],
  [4, "INVALID_FETCH_SIZE"],
  [5, "LEADER_NOT_AVAILABLE", "refresh"],
  [6, "NOT_LEADER_OR_FOLLOWER", "refresh"],
  [7, "REQUEST_TIMED_OUT", "retry"],
  [8, "BROKER_NOT_AVAILABLE", "refresh"],
  [9, "REPLICA_NOT_AVAILABLE", "refresh"],
  [10, "MESSAGE_TOO_LARGE"],
  [11, "STALE_CONTROLLER_EPOCH"],
  [12, "OFFSET_METADATA_TOO_LARGE"],
  [13, "NETWORK_EXCEPTION", "refresh"],
  [14, "COORDINATOR_LOAD_IN_PROGRESS", "retry"],
  [15, "COORDINATOR_NOT_AVAILABLE", "refresh"],
  [16, "NOT_COORDINATOR", "refresh"],
  [17, "INVALID_TOPIC_EXCEPTION"],
  [18, "RECORD_LIST_TOO_LARGE"],
  [19, "NOT_ENOUGH_REPLICAS", "retry"],
  [20, "NOT_ENOUGH_REPLICAS_AFTER_APPEND", "retry"],
  [21, "INVALID_REQUIRED_ACKS"],
  [22, "ILLEGAL_GENERATION"],
  [24, "INVALID_GROUP_ID"],
  [25, "UNKNOWN_MEMBER_ID"],
  [26, "INVALID_SESSION_TIMEOUT"],
  [27, "REBALANCE_IN_PROGRESS"],
  [28, "INVALID_COMMIT_OFFSET_SIZE"],
  [29, "TOPIC_AUTHORIZATION_FAILED"],
  [30, "GROUP_AUTHORIZATION_FAILED"],
  [31, "CLUSTER_AUTHORIZATION_FAILED"],
  [32, "INVALID_TIMESTAMP"],
  [33, "UNSUPPORTED_SASL_MECHANISM"],
  [34, "ILLEGAL_SASL_STATE"],
  [35, "UNSUPPORTED_VERSION"],
  [36, "TOPIC_ALREADY_EXISTS"],
  [37, "INVALID_PARTITIONS"],
  [38, "INVALID_REPLICATION_FACTOR"],
  [40, "INVALID_CONFIG"],
  [41, "NOT_CONTROLLER", "refresh"],
  [42, "INVALID_REQUEST"],
  [43, "UNSUPPORTED_FOR_MESSAGE_FORMAT"],
  [44, "POLICY_VIOLATION"],
  [45, "OUT_OF_ORDER_SEQUENCE_NUMBER"],
  [46, "DUPLICATE_SEQUENCE_NUMBER"],
  [47, "INVALID_PRODUCER_EPOCH"],
  [48, "INVALID_TXN_STATE"],
  [49, "INVALID_PRODUCER_ID_MAPPING"],
  [51, "CONCURRENT_TRANSACTIONS", "retry"],
  [53, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"],
  [54, "SECURITY_DISABLED"],
  [56, "KAFKA_STORAGE_ERROR", "refresh"],
  [57, "LOG_DIR_NOT_FOUND"],
  [58, "SASL_AUTHENTICATION_FAILED"],
  [59, "UNKNOWN_PRODUCER_ID"],
  [65, "DELEGATION_TOKEN_AUTHORIZATION_FAILED"],
  [69, "GROUP_ID_NOT_FOUND"],
  [70, "FETCH_SESSION_ID_NOT_FOUND", "retry"],
  [71, "INVALID_FETCH_SESSION_EPOCH", "retry"],
  [72, "LISTENER_NOT_FOUND", "refresh"],
  [73, "TOPIC_DELETION_DISABLED"],
  [74, "FENCED_LEADER_EPOCH", "refresh"],
  [75, "UNKNOWN_LEADER_EPOCH", "refresh"],
  [76, "UNSUPPORTED_COMPRESSION_TYPE"],
  [77, "STALE_BROKER_EPOCH"],
  [78, "OFFSET_NOT_AVAILABLE", "retry"],
  [80, "PREFERRED_LEADER_NOT_AVAILABLE", "refresh"],
  [81, "GROUP_MAX_SIZE_REACHED"],
  [85, "NO_REASSIGNMENT_IN_PROGRESS"],
  [87, "INVALID_RECORD"],
  [88, "UNSTABLE_OFFSET_COMMIT", "retry"],
  [89, "THROTTLING_QUOTA_EXCEEDED", "retry"],
  [90, "PRODUCER_FENCED"],
  [100, "UNKNOWN_TOPIC_ID", "refresh"],
  [103, "INCONSISTENT_TOPIC_ID", "refresh"],
] as const satisfies readonly Row[];

const ROWS: readonly Row[] = TABLE;

/** The name of an error in the table. */
export type KafkaErrorName = (typeof TABLE)[number][1];

/** The error codes by name, so that code that checks for an error can name it. */
export const KAFKA_ERRORS = Object.fromEntries(
  ROWS.map(([code, name]) => [name, code]),
) as Readonly<Record<KafkaErrorName, number>>;

const BY_CODE: ReadonlyMap<number, KafkaError> = new Map(
  ROWS.map(([code, name, action = "fatal"]) => [code, { code, name, action }]),
);

/** The errors with which a broker says that the user lacks a permission. */
const AUTHORIZATION_ERRORS: ReadonlySet<number> = new Set([
  KAFKA_ERRORS.TOPIC_AUTHORIZATION_FAILED,
  KAFKA_ERRORS.GROUP_AUTHORIZATION_FAILED,
  KAFKA_ERRORS.CLUSTER_AUTHORIZATION_FAILED,
  KAFKA_ERRORS.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  KAFKA_ERRORS.DELEGATION_TOKEN_AUTHORIZATION_FAILED,
]);

/** Whether the error means that the user lacks a permission. */
export function isAuthorizationError(code: number): boolean {
  return AUTHORIZATION_ERRORS.has(code);
}

/** Looks up a code; a code that is not in the table counts as fatal and has its number as its name. */
export function kafkaError(code: number): KafkaError {
  return BY_CODE.get(code) ?? { code, name: `ERROR_${code}`, action: "fatal" };
}

/** `NOT_LEADER_OR_FOLLOWER (6)`: for logs and messages. */
export function formatKafkaError(code: number): string {
  return `${kafkaError(code).name} (${code})`;
}
