// The source offsets that groups have committed on one partition, while it is copied: each is answered by the batch that
// holds the first record at or after it.

import { recordsBefore } from "./cut.ts";
import type { CutBatch } from "./cut_types.ts";
import type { CommittedPosition } from "./produce_queue.ts";

/** Walks the committed offsets along with the batches. */
export class CommittedOffsets {
  #next = 0;
  #gapAhead = false;

  /** @param offsets ascending */
  constructor(readonly offsets: readonly bigint[]) {}

  /** The offsets that a batch answers, each once; undefined where there are none. */
  take(batch: CutBatch): readonly CommittedPosition[] | undefined {
    if (this.#gapAhead) this.#passGap(batch);
    this.#gapAhead = false;
    let positions: CommittedPosition[] | undefined;
    for (let offset; (offset = this.offsets[this.#next]) !== undefined; this.#next++) {
      if (offset >= batch.nextOffset) break;
      const index = recordsBefore(batch, offset);
      // The rest of it is a gap: the next batch answers.
      if (index >= batch.recordCount) break;
      (positions ??= []).push({ sourceOffset: offset, index });
    }
    return positions;
  }

  /** The first records of a batch, as many as told, lie on the target already: what they answer is not told again. */
  pass(batch: CutBatch, records: number): void {
    for (let offset; (offset = this.offsets[this.#next]) !== undefined; this.#next++) {
      if (offset >= batch.nextOffset || recordsBefore(batch, offset) >= records) break;
    }
  }

  /**
   * The target holds records before the next batch to be taken that the source may have lost: what lies between those
   * that both have and the batch is not answered by it.
   */
  expectGap(): void {
    this.#gapAhead = true;
  }

  #passGap(batch: CutBatch): void {
    if (batch.recordsBefore === undefined) this.passUntil(batch.firstOffset);
    // Where its first record lies is not known exactly.
    else this.pass(batch, 1);
  }

  /** What lies before an offset is not answered by what follows. */
  passUntil(offset: bigint): void {
    while ((this.offsets[this.#next] ?? offset) < offset) this.#next++;
  }

  /** Begins again: what lies before has been answered. */
  restart(fromOffset: bigint): void {
    this.#next = 0;
    this.passUntil(fromOffset);
  }
}
