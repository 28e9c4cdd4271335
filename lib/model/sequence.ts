// Sequence numbers of an idempotent producer (KIP-98): 31 bits, counted for each partition. Here a record's sequence is the
// number of records of its partition copied before it, less those before its epoch began, in every run: either tells the
// other. An epoch begins anew only where a target has forgotten the one before.

const SEQUENCES = 1n << 31n;

/** The sequence of the record with so many before it, in the first epoch. */
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

/** An epoch of our producer id on one partition, and where that stood on the target when the epoch began. */
export interface EpochStart {
  readonly producerEpoch: number;
  /** Records of the partition copied before the epoch's first: its sequences count from there. */
  readonly records: bigint;
  /** Target offset after the last of them. */
  readonly targetOffset: bigint;
  /** Target offset of the partition's very first record; absent where there was none. */
  readonly targetFirstOffset?: bigint;
}

/** Our producer id on one partition. */
export interface PartitionProducer {
  readonly producerId: bigint;
  /** By age, each epoch higher than the one before; the last is the one to produce with. */
  readonly epochs: readonly [EpochStart, ...EpochStart[]];
}

/** Epochs are 15 bits wide (KIP-98). */
const LAST_EPOCH = 32_767;

/** A producer that began with the migration's epoch and got further ones on this partition. */
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

/** The next epoch; undefined where there is none any more. */
export function nextEpoch(producer: PartitionProducer): number | undefined {
  const { producerEpoch } = newestEpoch(producer);
  return producerEpoch < LAST_EPOCH ? producerEpoch + 1 : undefined;
}

/** The sequence of the record with so many before it, in an epoch that has begun by then. */
export function sequenceIn({ records }: EpochStart, recordsBefore: bigint): number {
  return sequenceOf(recordsBefore - records);
}

/**
 * How many records lie before the one with this epoch and sequence, as {@link recordsBeforeSequence}.
 *
 * @returns undefined where the epoch is none of the producer's
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
