// Sequence numbers of an idempotent producer (KIP-98): 31 bits, counted for each partition. Here a record's sequence is the
// number of records of its partition copied before it, in every run, so that either tells the other.

const SEQUENCES = 1n << 31n;

/** The sequence of the record with so many before it. */
export function sequenceOf(recordsBefore: bigint): number {
  return Number(recordsBefore & (SEQUENCES - 1n));
}

/**
 * How many records lie before the one with this sequence: of the numbers that fit, the one nearest to `expected`. The
 * sequence may be one that has not been taken yet, 2^31 included.
 */
export function recordsBeforeSequence(sequence: number, expected: bigint): bigint {
  const ahead = BigInt.asUintN(31, BigInt(sequence) - expected);
  return expected + (ahead <= SEQUENCES / 2n ? ahead : ahead - SEQUENCES);
}
