// Follows, while a partition is copied, the source offsets that groups have committed on it. The batch that holds the
// first record at or after such an offset answers it: the target offset of that record is where the group goes on.

import { recordsBefore } from "./cut.ts";
import type { CutBatch } from "./cut_types.ts";
import type { CommittedPosition } from "./produce_queue.ts";

/** Walks the committed offsets along with the batches. */
export class CommittedOffsets {
  #next = 0;
  #gapAhead = false;

  /** @param offsets ascending */
  constructor(readonly offsets: readonly bigint[]) {}

  /** The committed offsets that a batch answers, each once; undefined where it answers none. */
  take(batch: CutBatch): readonly CommittedPosition[] | undefined {
    if (this.#gapAhead) this.#passGap(batch);
    this.#gapAhead = false;
    let positions: CommittedPosition[] | undefined;
    for (let offset; (offset = this.offsets[this.#next]) !== undefined; this.#next++) {
      if (offset >= batch.nextOffset) break;
      const index = recordsBefore(batch, offset);
      // No record follows in this batch: the next batch answers.
      if (index >= batch.recordCount) break;
      (positions ??= []).push({ sourceOffset: offset, index });
    }
    return positions;
  }

  /** Passes over the offsets that the first `records` of a batch answer: these are already on the target. */
  pass(batch: CutBatch, records: number): void {
    for (let offset; (offset = this.offsets[this.#next]) !== undefined; this.#next++) {
      if (offset >= batch.nextOffset || recordsBefore(batch, offset) >= records) break;
    }
  }

  /**
   * The target holds records before the next batch that the source may have lost: that batch does not answer the
   * offsets between the last record that both have and the batch.
   */
  expectGap(): void {
    this.#gapAhead = true;
  }

  #passGap(batch: CutBatch): void {
    if (batch.recordsBefore === undefined) this.passUntil(batch.firstOffset);
    // The exact offset of its first record is unknown.
    else this.pass(batch, 1);
  }

  /** Passes over the committed offsets before `offset`: batches after it do not answer them. */
  passUntil(offset: bigint): void {
    while ((this.offsets[this.#next] ?? offset) < offset) this.#next++;
  }

  /** Begins again at `fromOffset`: the committed offsets before it have been answered. */
  restart(fromOffset: bigint): void {
    this.#next = 0;
    this.passUntil(fromOffset);
  }
}
