// What a cluster's user may do: plain data.

/** The permissions of a user on a cluster. */
export interface ClusterPermissions {
  /** Whether the broker tells permissions on topics (KIP-430, Kafka 2.3). */
  readonly told?: boolean;
  /** On the cluster itself, as for topics. */
  readonly operations?: number;
  readonly topics: readonly TopicPermission[];
}

/** The permissions on one topic. */
export interface TopicPermission {
  readonly topic: string;
  /** The user may not even see whether it exists. */
  readonly hidden: boolean;
  /** Bit n stands for the ACL operation with code n (`AclOperation`); absent where the broker does not tell. */
  readonly operations?: number;
}
