// Tells errors that a broker or the network caused from faults of this program.

import { ConnectionError } from "./connection_error.ts";
import { ProtocolError } from "../protocol/protocol_reader.ts";

/** An error that the other side or the network caused; anything else is a fault of this program. */
export type PeerError = ConnectionError | ProtocolError;

/** Whether a peer caused the error, so that trying again may help. */
export function isPeerError(error: unknown): error is PeerError {
  return error instanceof ConnectionError || error instanceof ProtocolError;
}

/** Ignores a peer's error that is handled and reported elsewhere. @throws any other error */
export function ignorePeerError(error: unknown): void {
  if (!isPeerError(error)) throw error;
}

/** The longest throttle time that is obeyed: no checksum covers the one in a response, so it may be damaged. */
export const LONGEST_THROTTLE_MS = 600_000;
