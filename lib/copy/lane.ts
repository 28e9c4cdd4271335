// What source and target lanes have in common. A lane is one data connection to one broker and the partitions that go
// over it. It reports trouble and lets go of the partition; when and where that partition goes on is the router's
// business.

import { ConnectionError } from "../wire/connection_error.ts";
import { ProtocolError } from "../protocol/protocol_reader.ts";
import type { PartitionCopy } from "./partition_copy.ts";

/** An error that the other side, or the way to it, gave cause for; anything else is a fault of this program. */
export type PeerError = ConnectionError | ProtocolError;

/** Whether trying again may help. */
export function isPeerError(error: unknown): error is PeerError {
  return error instanceof ConnectionError || error instanceof ProtocolError;
}

/** For failures that are noticed, named and ridden out elsewhere. @throws anything but a peer's error */
export function ignorePeerError(error: unknown): void {
  if (!isPeerError(error)) throw error;
}

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

/** Throttling told in a response lies outside every checksum: waited for no longer than this. */
export const LONGEST_THROTTLE_MS = 600_000;
