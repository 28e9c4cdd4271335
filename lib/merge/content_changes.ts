// Changes to content at places in it, in order: bytes that others come instead of, fewer or more.

import { withRoom, withRoomFor } from "../codec/with_room.ts";

/** A slot stands for 16 positions. */
export const SLOT_BITS = 4;
/** Behind every position. */
export const NOWHERE = 0x7fffffff;

/** Changes in the order of their places; used again for the next content. */
export class ContentChanges {
  count = 0;
  /** Where each begins in the content as it was; after the last, {@link NOWHERE}. */
  start = Int32Array.of(NOWHERE);
  /** Where it ends there. */
  end = new Int32Array(0);
  /** By how much the content has grown before it; after the last, by how much in all. */
  growthBefore = new Int32Array(1);
  /** What comes instead of all of them, one after another. */
  instead: Uint8Array = new Uint8Array(1024);
  /** Where that of each begins; after the last, where it all ends. */
  insteadStart = new Int32Array(1);
  /**
   * Of each slot, how many changes begin before it: the number itself where no change has a part in the slot, else its
   * complement.
   */
  slots = new Int32Array(4096);
  #slotCount = 0;

  /** Bytes of the content with all of them, once closed. */
  newSize = 0;

  clear(): void {
    this.count = this.#slotCount = 0;
    this.start[0] = NOWHERE;
  }

  /** Adds one, behind those that there are: `bytes[0, size)` instead of the content's `[start, end)`, which is not empty. */
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

  /** To be called when all are there. @param size bytes of the content as it was */
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

  /** How many changes begin before a stretch of the content, `[start, end)`; −1 where one has a part in it. */
  countBefore(start: number, end: number): number {
    const i = this.lastAt(end - 1);
    return i < 0 || this.end[i]! <= start ? i + 1 : -1;
  }

  /** Those up to a slot that have not been filled. */
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
