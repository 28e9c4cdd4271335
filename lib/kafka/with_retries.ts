// Repeats a question to a cluster if a connection breaks, because the steps after a copy of hours must not fail for that.

import { isPeerError } from "../wire/peer_error.ts";
import { CONTROL_BACKOFF, createBackoff } from "../waiting/backoff.ts";

/**
 * Repeats `ask` for some seconds until it succeeds.
 *
 * @throws the peer's last error, or at once an error that no peer caused
 */
export async function withRetries<Value>(
  ask: () => Promise<Value>,
  signal: AbortSignal,
): Promise<Value> {
  let last: Error | undefined;
  return (await createBackoff(CONTROL_BACKOFF, signal)(async () => {
    try {
      return { value: await ask() };
    } catch (error) {
      signal.throwIfAborted();
      if (!isPeerError(error)) throw error;
      last = error;
      return undefined;
    }
  }, () => last)).value;
}
