// Commits positions of a group in parts that a broker accepts. A broker stores all positions of a request as one record
// batch and refuses all of them if the batch would be too large; newer brokers then give an error that does not name the
// reason (UNKNOWN_SERVER_ERROR). A part that is refused with such an error is halved; a single position that is refused
// is tried without its metadata text. This file neither sends nor waits: the caller passes `send`.

import { KAFKA_ERRORS, kafkaError } from "../model/kafka_error.ts";
import { formatTopicPartition, type TopicPartition } from "../model/topic_partition.ts";

/** An offset to commit. */
export interface OffsetToCommit extends TopicPartition {
  readonly offset: bigint;
  /** The metadata text that is committed with the offset. */
  readonly metadata: string;
}

/** The progress of committing a group's positions. */
export interface CommitState {
  /** The positions that are not committed yet and have to be sent again. */
  readonly left: readonly OffsetToCommit[];
  /** Kafka's error for each position that is not committed, including those in `left`, by `formatTopicPartition`. */
  readonly problems: ReadonlyMap<string, number>;
  /** The positions that are, or will be, committed without their text because the target refused it. */
  readonly withoutMetadata: ReadonlySet<string>;
  /** How often each position was refused, alone in its request, with an error that may mean it is too large. */
  readonly refusedAlone: ReadonlyMap<string, number>;
}

/** Sends one request. @returns Kafka's error for each position, by `formatTopicPartition`; 0 if it was committed */
export type SendPart = (part: readonly OffsetToCommit[]) => Promise<ReadonlyMap<string, number>>;

/** Far below a broker's default limits: 1 MB for a batch (`message.max.bytes`), 100 MB for a request. */
const POSITIONS_PER_PART = 500;
const BYTES_PER_PART = 250_000;
/** About the size of a position's record without its names and its text. */
const BYTES_PER_POSITION = 60;
/** An error that does not name the reason may be temporary: only after so many of them the text is left out. */
const TRIES_WITH_TEXT = 3;
/** If so many single positions are refused in a row, size is not the reason: then no further part is halved. */
const MOST_REFUSED_ALONE = 20;

/** The state before the first request. */
export function beginCommit(offsets: readonly OffsetToCommit[]): CommitState {
  return {
    left: offsets,
    problems: new Map(),
    withoutMetadata: new Set(),
    refusedAlone: new Map(),
  };
}

/**
 * Sends each position in `left` once, and again at once in a smaller part or without its text.
 *
 * @throws what `send` throws
 */
export async function commitRound(
  state: CommitState,
  group: string,
  send: SendPart,
): Promise<CommitState> {
  const problems = new Map(state.problems);
  const withoutMetadata = new Set(state.withoutMetadata);
  const refusedAlone = new Map(state.refusedAlone);
  const left: OffsetToCommit[] = [];
  const parts = partsOf(state.left, group);
  let refusedInARow = 0;
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    const codes = await send(part);
    const tooMany: OffsetToCommit[] = [];
    const withoutText: OffsetToCommit[] = [];
    for (const each of part) {
      const key = formatTopicPartition(each);
      // A position that the answer does not name was not committed either.
      const code = codes.get(key) ?? KAFKA_ERRORS.UNKNOWN_SERVER_ERROR;
      if (code === 0) {
        problems.delete(key);
        refusedInARow = 0;
        continue;
      }
      problems.set(key, code);
      const size = mayBeTooLarge(code);
      if (size && part.length > 1 && refusedInARow < MOST_REFUSED_ALONE) {
        tooMany.push(each);
        continue;
      }
      const tries = (refusedAlone.get(key) ?? 0) + 1;
      if (size && part.length === 1) {
        refusedAlone.set(key, tries);
        refusedInARow += 1;
      }
      const textTooLarge = code === KAFKA_ERRORS.OFFSET_METADATA_TOO_LARGE ||
        size && part.length === 1 && (!canPass(code) || tries >= TRIES_WITH_TEXT);
      if (textTooLarge && each.metadata !== "") {
        withoutMetadata.add(key);
        withoutText.push({ ...each, metadata: "" });
      } else if (canPass(code)) left.push(each);
    }
    parts.unshift(...halves(tooMany), ...partsOf(withoutText, group));
  }
  return { left, problems, withoutMetadata, refusedAlone };
}

/** The state after an error that refuses all of `left` before anything could be sent. */
export function refuseAll(state: CommitState, code: number): CommitState {
  const problems = new Map(state.problems);
  for (const each of state.left) problems.set(formatTopicPartition(each), code);
  return { ...state, problems, left: canPass(code) ? state.left : [] };
}

/** Whether a broker may give this error because the positions of the request, or a single one, exceed its batch limit. */
function mayBeTooLarge(code: number): boolean {
  return code === KAFKA_ERRORS.UNKNOWN_SERVER_ERROR ||
    code === KAFKA_ERRORS.MESSAGE_TOO_LARGE ||
    code === KAFKA_ERRORS.RECORD_LIST_TOO_LARGE ||
    code === KAFKA_ERRORS.INVALID_COMMIT_OFFSET_SIZE;
}

function canPass(code: number): boolean {
  return kafkaError(code).action !== "fatal";
}

function halves(part: readonly OffsetToCommit[]): readonly (readonly OffsetToCommit[])[] {
  const middle = Math.ceil(part.length / 2);
  return [part.slice(0, middle), part.slice(middle)].filter(({ length }) => length > 0);
}

function partsOf(offsets: readonly OffsetToCommit[], group: string): (readonly OffsetToCommit[])[] {
  const parts: OffsetToCommit[][] = [];
  let bytes = Infinity;
  for (const each of offsets) {
    const size = BYTES_PER_POSITION + group.length + each.topic.length + each.metadata.length;
    const last = parts.at(-1);
    if (
      last !== undefined && bytes + size <= BYTES_PER_PART && last.length < POSITIONS_PER_PART
    ) {
      last.push(each);
      bytes += size;
    } else {
      parts.push([each]);
      bytes = size;
    }
  }
  return parts;
}
