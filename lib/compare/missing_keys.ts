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
  /** A message with this key (`keyOf`) is missing at a source offset. */
  miss(key: string, offset: bigint): void;
  /** A message of ours with this key is there. */
  meet(key: string): void;
  /**
   * A message of somebody else with this key is there. Those of ours that are missed before the next one of ours is
   * met may have lain before it.
   *
   * @param transaction producer id of the transaction it belongs to: it is there once that has committed
   */
  meetForeign(key: string, transaction?: bigint): void;
  /** A transaction has ended. */
  endTransaction(transaction: bigint, committed: boolean): void;
  /** From here on, what others wrote so far comes before every record that is missing. */
  goOn(): void;
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
  /** Of others, since the last message of ours. */
  const passed = new Set<string>();
  /** Of transactions that have not ended. */
  const held = new Map<bigint, Set<string>>();
  let size = 0;
  let overflowed = false;
  const isOurs = (key: string) => modulus === 1 || checksum(key) % modulus === residue;

  /** Whether one more may be kept. */
  function hasRoom(): boolean {
    if (size < most) {
      size++;
      return true;
    }
    overflowed = true;
    for (const each of [missing, passed, held]) each.clear();
    return false;
  }

  function pass(key: string): void {
    if (missing.delete(key)) size--;
    if (!passed.has(key) && hasRoom()) passed.add(key);
  }

  return {
    miss(key, offset) {
      if (overflowed || !isOurs(key) || missing.has(key) || passed.has(key)) return;
      if (hasRoom()) missing.set(key, offset);
    },
    meet(key) {
      if (missing.delete(key)) size--;
    },
    meetForeign(key, transaction) {
      if (overflowed || !isOurs(key)) return;
      if (transaction === undefined) return pass(key);
      const keys = held.get(transaction) ?? new Set();
      held.set(transaction, keys);
      if (!keys.has(key) && hasRoom()) keys.add(key);
    },
    endTransaction(transaction, committed) {
      const keys = held.get(transaction) ?? new Set();
      held.delete(transaction);
      size -= keys.size;
      if (committed && !overflowed) keys.forEach(pass);
    },
    goOn() {
      size -= passed.size;
      passed.clear();
    },
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
