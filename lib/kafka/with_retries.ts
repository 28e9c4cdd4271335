// Asking a cluster again where a connection breaks: what comes after a copy of hours must not fail for that.

import { isPeerError } from "../wire/peer_error.ts";
import { CONTROL_BACKOFF, createBackoff } from "../waiting/backoff.ts";

/** What `ask` gives, tried for some seconds. @throws the last of the peer's errors, and any that is not a peer's */
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
