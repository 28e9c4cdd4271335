// What source and target lanes have in common. A lane is one data connection to one broker, with the partitions that it
// fetches or produces. When a partition is in trouble, the lane reports that and drops the partition; the router
// decides when, and on which lane, the partition goes on.

import type { PartitionCopy } from "./partition_copy.ts";
import type { PeerError } from "../wire/peer_error.ts";

/** What went wrong for a partition on its lane. */
export type Trouble =
  | { readonly kind: "connection"; readonly error: PeerError }
  | {
    readonly kind: "code";
    readonly code: number;
    readonly message?: string;
    readonly recordIndex?: number;
  }
  /** The bytes at the partition's next fetch offset arrived damaged. */
  | { readonly kind: "damaged"; readonly reason: string }
  /** The response held no records, and the log's readable end lies before the range's end, which should be there. */
  | { readonly kind: "behind"; readonly readable: bigint }
  /** The response held no records, although the whole range can be read and compaction cannot have removed any. */
  | { readonly kind: "nothing" };

/** One data connection's work. */
export interface Lane {
  /** Adds a partition, to be fetched or produced from now on. */
  add(partition: PartitionCopy): void;
  /** Something may have become possible for this partition: more to send, or room to fetch. */
  wake(partition: PartitionCopy): void;
  /** Resolves when the signal of the copy has fired and every request in flight is answered or lost. */
  readonly ended: Promise<void>;
}

/** Tells the router of trouble. The lane has dropped the partition before. */
export type ReportTrouble = (partition: PartitionCopy, trouble: Trouble) => void;
