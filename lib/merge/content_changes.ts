// A list of changes to decompressed content, in the order of their places: each replaces a stretch of bytes with
// others, which may be fewer or more.

import { withRoom, withRoomFor } from "../codec/with_room.ts";

/** A slot of the index covers 2^4 = 16 positions of the content. */
export const SLOT_BITS = 4;
/** A position after every other one. */
export const NOWHERE = 0x7fffffff;

/** Changes in the order of their places. The object is reused for the next content. */
export class ContentChanges {
  count = 0;
  /** Where each change begins in the old content; after the last, {@link NOWHERE}. */
  start = Int32Array.of(NOWHERE);
  /** Where each change ends in the old content. */
  end = new Int32Array(0);
  /** By how many bytes the content has grown before each change; after the last, by how many in all. */
  growthBefore = new Int32Array(1);
  /** The new bytes of all changes, one after another. */
  instead: Uint8Array = new Uint8Array(1024);
  /** Where the new bytes of each change begin in `instead`; after the last, where they end. */
  insteadStart = new Int32Array(1);
  /**
   * For each slot, how many changes begin before it: the number itself where no change touches the slot, else its
   * bitwise complement.
   */
  slots = new Int32Array(4096);
  #slotCount = 0;

  /** Bytes of the new content; set by {@link close}. */
  newSize = 0;

  clear(): void {
    this.count = this.#slotCount = 0;
    this.start[0] = NOWHERE;
  }

  /**
   * Adds a change after those there are: `bytes[0, size)` replaces the content's `[start, end)`, which is not empty.
   */
  add(start: number, end: number, bytes: Uint8Array, size: number): void {
    const i = this.count++;
    this.#makeRoom();
    const at = this.insteadStart[i]!;
    this.instead = withRoom(this.instead, at, size);
    for (let k = 0; k < size; k++) this.instead[at + k] = bytes[k]!;
    this.start[i] = start;
    this.start[i + 1] = NOWHERE;
    this.end[i] = end;
    this.insteadStart[i + 1] = at + size;
    this.growthBefore[i + 1] = this.growthBefore[i]! + size - (end - start);
    this.#fillSlots(start >> SLOT_BITS, i);
    this.#fillSlots((start >> SLOT_BITS) + 1, ~i);
    this.#fillSlots(((end - 1) >> SLOT_BITS) + 1, ~(i + 1));
  }

  /** Completes the list, once all changes are added. @param size bytes of the old content */
  close(size: number): void {
    this.#fillSlots((size >> SLOT_BITS) + 1, this.count);
    this.newSize = size + this.growthBefore[this.count]!;
  }

  /** The last change that begins at a position of the content or before it, or −1. */
  lastAt(position: number): number {
    const slot = this.slots[position >> SLOT_BITS]!;
    if (slot >= 0) return slot - 1;
    let i = ~slot - 1;
    while (this.start[i + 1]! <= position) i++;
    return i;
  }

  /** How many changes lie before a stretch of the content, `[start, end)`; −1 where a change touches it. */
  countBefore(start: number, end: number): number {
    const i = this.lastAt(end - 1);
    return i < 0 || this.end[i]! <= start ? i + 1 : -1;
  }

  /** Fills the slots before `until` that have no value yet. */
  #fillSlots(until: number, value: number): void {
    this.slots = withRoomFor(this.slots, until);
    this.slots.fill(value, this.#slotCount, until);
    this.#slotCount = Math.max(this.#slotCount, until);
  }

  #makeRoom(): void {
    this.start = withRoomFor(this.start, this.count + 1);
    this.end = withRoomFor(this.end, this.count);
    this.growthBefore = withRoomFor(this.growthBefore, this.count + 1);
    this.insteadStart = withRoomFor(this.insteadStart, this.count + 1);
  }
}
