// Commits positions of a group in parts that a broker takes: it stores all positions of a request as one record batch,
// and refuses them all where the batch would be too large, by an error that tells nothing (UNKNOWN_SERVER_ERROR by newer
// ones). A part that is refused so is halved; a single position that is refused so is tried without its metadata text.
// What asks and waits is not known here: `send` is given.

import { KAFKA_ERRORS, kafkaError } from "../model/kafka_error.ts";
import { formatTopicPartition, type TopicPartition } from "../model/topic_partition.ts";

/** An offset to commit. */
export interface OffsetToCommit extends TopicPartition {
  readonly offset: bigint;
  /** The text beside it. */
  readonly metadata: string;
}

/** How far the commit of a group's positions has come. */
export interface CommitState {
  /** To be committed yet. */
  readonly left: readonly OffsetToCommit[];
  /** Kafka's error for each that is not committed, by `formatTopicPartition`; also for those that are left. */
  readonly problems: ReadonlyMap<string, number>;
  /** Those whose text the target refused: committed without it, or to be. */
  readonly withoutMetadata: ReadonlySet<string>;
  /** How often each was refused alone by an error that tells nothing. */
  readonly refusedAlone: ReadonlyMap<string, number>;
}

/** Sends one request. @returns Kafka's error for each, by `formatTopicPartition`; 0 where it was committed */
export type SendPart = (part: readonly OffsetToCommit[]) => Promise<ReadonlyMap<string, number>>;

/** Far from what a broker takes by default: 1 MB a batch (`message.max.bytes`), 100 MB a request. */
const POSITIONS_PER_PART = 500;
const BYTES_PER_PART = 250_000;
/** About what one takes beside its names and its text, as a record. */
const BYTES_PER_POSITION = 60;
/** An error that tells nothing may pass: a text is given up after so many of them only. */
const TRIES_WITH_TEXT = 3;
/** So many single positions refused in a row tell that it is not their size: no further part is halved then. */
const MOST_REFUSED_ALONE = 20;

/** What there is to begin with. */
export function beginCommit(offsets: readonly OffsetToCommit[]): CommitState {
  return {
    left: offsets,
    problems: new Map(),
    withoutMetadata: new Set(),
    refusedAlone: new Map(),
  };
}

/** Sends each that is left once, or more often where that helps at once. @throws what `send` throws */
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
      // What the answer leaves out was not committed either.
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

/** The state when all that is left is refused, before anything could be sent. */
export function refuseAll(state: CommitState, code: number): CommitState {
  const problems = new Map(state.problems);
  for (const each of state.left) problems.set(formatTopicPartition(each), code);
  return { ...state, problems, left: canPass(code) ? state.left : [] };
}

/** Whether a broker may answer so because all positions of the request together, or one, are more than it stores at once. */
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
