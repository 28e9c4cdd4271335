// The source offsets that groups have committed on one partition, while it is copied: each is answered by the batch that
// holds the first record at or after it.

import { type CutBatch, recordsBefore } from "./cut.ts";
import type { CommittedPosition } from "./produce_queue.ts";

/** Walks the committed offsets along with the batches. */
export class CommittedOffsets {
  #next = 0;

  /** @param offsets ascending */
  constructor(readonly offsets: readonly bigint[]) {}

  /** The offsets that a batch answers, each once; undefined where there are none. */
  take(batch: CutBatch): readonly CommittedPosition[] | undefined {
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

  /** What lies before an offset is not answered by what follows. */
  pass(untilOffset: bigint): void {
    while ((this.offsets[this.#next] ?? untilOffset) < untilOffset) this.#next++;
  }

  /** Begins again: what lies before has been answered. */
  restart(fromOffset: bigint): void {
    this.#next = 0;
    this.pass(fromOffset);
  }
}
