// What source and target lanes have in common. A lane is one data connection to one broker and the partitions that go
// over it. It reports trouble and lets go of the partition; when and where that partition goes on is the router's
// business.

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
  /** Nothing came of the range, whose end should be there: what may be read ends here. */
  | { readonly kind: "behind"; readonly readable: bigint }
  /** Nothing came of the range, although its end may be read and nothing can have been taken out. */
  | { readonly kind: "nothing" };

/** One data connection's work. */
export interface Lane {
  /** Takes a partition on. */
  add(partition: PartitionCopy): void;
  /** Something may have become possible for this partition: more to send, or room to fetch. */
  wake(partition: PartitionCopy): void;
  /** Ends when the signal of the copy fires and everything under way is answered or lost. */
  readonly ended: Promise<void>;
}

/** Tells the router. The lane has let go of the partition. */
export type ReportTrouble = (partition: PartitionCopy, trouble: Trouble) => void;
