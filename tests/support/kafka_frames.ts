/**
 * Puts Kafka's frames together again for a proxy's `onBytes`, which sees chunks: what is to be changed can then be found
 * wherever it lies. Refuses to read more of a frame than its size.
 */

import type { Direction, Faults } from "./tcp_proxy.ts";

/**
 * Has every frame of a direction looked at, and changed in place, before it is forwarded.
 *
 * @param onFrame gets the frame without its size
 */
export function framesOf(
  wanted: Direction,
  onFrame: (frame: Uint8Array, connection: number) => void,
): NonNullable<Faults["onBytes"]> {
  const pending = new Map<number, Uint8Array>();
  return (direction, bytes, connection) => {
    if (direction !== wanted) return bytes;
    const before = pending.get(connection) ?? new Uint8Array(0);
    const all = new Uint8Array(before.length + bytes.length);
    all.set(before);
    all.set(bytes, before.length);
    const view = new DataView(all.buffer);
    let end = 0;
    while (end + 4 <= all.length && end + 4 + view.getInt32(end) <= all.length) {
      const next = end + 4 + view.getInt32(end);
      onFrame(all.subarray(end + 4, next), connection);
      end = next;
    }
    pending.set(connection, all.slice(end));
    return end === 0 ? undefined : all.subarray(0, end);
  };
}
