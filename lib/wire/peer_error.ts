// Errors that a broker, or the way to it, gave cause for, told from faults of this program.

import { ConnectionError } from "./connection_error.ts";
import { ProtocolError } from "../protocol/protocol_reader.ts";

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

/** Throttling told in a response lies outside every checksum: waited for no longer than this. */
export const LONGEST_THROTTLE_MS = 600_000;
