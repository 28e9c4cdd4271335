// What a cluster's user may do: plain data.

/** The permissions of a user on a cluster. */
export interface ClusterPermissions {
  /** Whether the brokers report permissions on topics (KIP-430, Kafka 2.3). */
  readonly told?: boolean;
  /** Operations allowed on the cluster itself, as bits like those of a topic. */
  readonly operations?: number;
  readonly topics: readonly TopicPermission[];
}

/** The permissions on one topic. */
export interface TopicPermission {
  readonly topic: string;
  /** Whether the cluster hides even the existence of the topic from the user. */
  readonly hidden: boolean;
  /** Bit n stands for the ACL operation with code n (`AclOperation`); absent where the broker does not report it. */
  readonly operations?: number;
}
