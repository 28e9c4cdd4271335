// Sequence numbers of an idempotent producer (KIP-98): 31 bits, counted for each partition. In every run, a record's
// sequence is the number of records of its partition copied before it, minus those copied before its epoch began. So
// either number can be computed from the other. A new epoch begins only where a target has forgotten the one before.

const SEQUENCES = 1n << 31n;

/** In the first epoch, the sequence of the record that has `recordsBefore` records before it. */
export function sequenceOf(recordsBefore: bigint): number {
  return Number(recordsBefore & (SEQUENCES - 1n));
}

/**
 * How many records come before the one with this sequence. Sequences wrap at 2^31, so several numbers fit; the result is
 * the one nearest to `expected`. The sequence may be the next one to be used, 2^31 included.
 */
export function recordsBeforeSequence(sequence: number, expected: bigint): bigint {
  const ahead = BigInt.asUintN(31, BigInt(sequence) - expected);
  return expected + (ahead <= SEQUENCES / 2n ? ahead : ahead - SEQUENCES);
}

/** An epoch of our producer id on one partition, and where the copy of the partition stood when the epoch began. */
export interface EpochStart {
  readonly producerEpoch: number;
  /** Records of the partition copied before the epoch's first record: its sequences count from there. */
  readonly records: bigint;
  /** Target offset after the last of those records. */
  readonly targetOffset: bigint;
  /** Target offset of the partition's very first copied record; absent where there was none. */
  readonly targetFirstOffset?: bigint;
}

/** Our producer id on one partition. */
export interface PartitionProducer {
  readonly producerId: bigint;
  /** Oldest first, each epoch higher than the one before; the last is the one to produce with. */
  readonly epochs: readonly [EpochStart, ...EpochStart[]];
}

/** Epochs are 15 bits wide (KIP-98). */
const LAST_EPOCH = 32_767;

/** A producer that began with the migration's epoch and received further epochs on this partition. */
export function partitionProducer(
  { producerId, producerEpoch }: { readonly producerId: bigint; readonly producerEpoch: number },
  further: readonly EpochStart[] = [],
): PartitionProducer {
  return {
    producerId,
    epochs: [{ producerEpoch, records: 0n, targetOffset: 0n }, ...further],
  };
}

/** The epoch to produce with. */
export function newestEpoch({ epochs }: PartitionProducer): EpochStart {
  return epochs.at(-1) ?? epochs[0];
}

/** The next epoch; undefined after the last one that fits in 15 bits. */
export function nextEpoch(producer: PartitionProducer): number | undefined {
  const { producerEpoch } = newestEpoch(producer);
  return producerEpoch < LAST_EPOCH ? producerEpoch + 1 : undefined;
}

/** The sequence, in the given epoch, of the record that has `recordsBefore` records before it. */
export function sequenceIn({ records }: EpochStart, recordsBefore: bigint): number {
  return sequenceOf(recordsBefore - records);
}

/**
 * How many records come before the one with this epoch and sequence; see {@link recordsBeforeSequence}.
 *
 * @returns undefined where the producer never had this epoch
 */
export function recordsBeforeIn(
  { epochs }: Pick<PartitionProducer, "epochs">,
  producerEpoch: number,
  sequence: number,
  expected: bigint,
): bigint | undefined {
  const epoch = epochs.find((each) => each.producerEpoch === producerEpoch);
  if (epoch === undefined) return undefined;
  return epoch.records + recordsBeforeSequence(sequence, expected - epoch.records);
}
