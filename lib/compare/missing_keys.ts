// The keys of messages that a compacted log no longer holds. Compaction takes a message away only where a later one of
// its key exists, so each has to turn up again. Memory is bounded: where there are too many keys for one reading, each
// of several readings looks after a part of them.

import { crc32c } from "../batch/crc32c.ts";

/** Which keys a reading looks after: those whose checksum leaves `residue` when divided by `modulus`. */
export interface KeyShare {
  readonly residue: number;
  readonly modulus: number;
}

/** All keys. */
export const EVERY_KEY: KeyShare = { residue: 0, modulus: 1 };

/** So many keys are held at most; tens of bytes each. */
const MOST_KEYS = 500_000;

/** Keys that have to turn up. */
export interface MissingKeys {
  /** A message with this key, hexadecimal, is missing at a source offset. */
  miss(key: string, offset: bigint): void;
  /** A message with this key is there. */
  meet(key: string): void;
  /** The first one that has not turned up. */
  readonly first: { readonly key: string; readonly offset: bigint } | undefined;
  /** Whether they were too many: the reading has to be repeated, in {@link halves}. */
  readonly overflowed: boolean;
}

/** The two shares that a share is made of. */
export function halves({ residue, modulus }: KeyShare): readonly KeyShare[] {
  return [
    { residue, modulus: modulus * 2 },
    { residue: residue + modulus, modulus: modulus * 2 },
  ];
}

/** Starts with no key missing. */
export function createMissingKeys({ residue, modulus }: KeyShare, most = MOST_KEYS): MissingKeys {
  const missing = new Map<string, bigint>();
  let overflowed = false;
  const isOurs = (key: string) => modulus === 1 || checksum(key) % modulus === residue;
  return {
    miss(key, offset) {
      if (overflowed || !isOurs(key) || missing.has(key)) return;
      if (missing.size >= most) {
        overflowed = true;
        missing.clear();
      } else missing.set(key, offset);
    },
    meet: (key) => missing.delete(key),
    get first() {
      const [entry] = missing;
      return entry && { key: entry[0], offset: entry[1] };
    },
    get overflowed() {
      return overflowed;
    },
  };
}

const encoder = new TextEncoder();

function checksum(key: string): number {
  const bytes = encoder.encode(key);
  return crc32c(bytes, 0, bytes.length);
}
