// OffsetFetch 2 to 8: committed offsets, from 7 with requireStable (KIP-447), from 8 of many groups in one request
// (KIP-709). kafkajs stops at 4, which can do neither.

import { APIS } from "./apis.ts";
import type { RequestFrame, ResponseFrame } from "./frame.ts";
import { ProtocolReader } from "./protocol_reader.ts";
import { ProtocolWriter } from "./protocol_writer.ts";

const FLEXIBLE = 6;
const WITH_REQUIRE_STABLE = 7;
/** The first version that takes more than one group. */
export const OFFSET_FETCH_MANY_GROUPS = 8;

/** One group's committed offsets. */
export interface FetchedGroupOffsets {
  readonly group: string;
  readonly errorCode: number;
  readonly partitions: readonly FetchedCommittedOffset[];
}

/** −1 if the group never committed an offset of the partition. */
export interface FetchedCommittedOffset {
  readonly topic: string;
  readonly partition: number;
  readonly committedOffset: bigint;
  /** The metadata text that was committed with the offset; mostly empty. */
  readonly metadata: string;
  readonly errorCode: number;
}

/**
 * Encodes a request for all committed offsets of the groups (one group below version 8).
 *
 * @param requireStable in place of an offset that an open transaction is about to replace, the broker gives an error
 * (UNSTABLE_OFFSET_COMMIT); below version 7 this has no effect
 */
export function encodeOffsetFetch(
  version: number,
  groups: readonly string[],
  requireStable: boolean,
): Pick<RequestFrame, "apiKey" | "apiVersion" | "flexible" | "body"> {
  const writer = new ProtocolWriter();
  // A null array of topics (written 0, or −1 below version 6) asks for all offsets of a group.
  if (version >= OFFSET_FETCH_MANY_GROUPS) {
    writer.compactArray(groups, (group) => writer.compactString(group).uvarint(0).noTags());
  } else if (version >= FLEXIBLE) {
    writer.compactString(groups[0] ?? "").uvarint(0);
  } else {
    writer.string(groups[0] ?? "").int32(-1);
  }
  if (version >= WITH_REQUIRE_STABLE) writer.boolean(requireStable);
  const flexible = version >= FLEXIBLE;
  if (flexible) writer.noTags();
  return { apiKey: APIS.OffsetFetch.key, apiVersion: version, flexible, body: [writer.bytes] };
}

/** Reads a response of that version to a request for `groups`. @throws {ProtocolError} when the bytes are not one */
export function decodeOffsetFetch(
  version: number,
  groups: readonly string[],
  { bytes, start, end }: ResponseFrame,
): FetchedGroupOffsets[] {
  const reader = new ProtocolReader(bytes, start, end);
  if (version >= 3) reader.int32(); // throttle time
  if (version < OFFSET_FETCH_MANY_GROUPS) {
    const partitions = version < FLEXIBLE
      ? decodeOlderTopics(version, reader)
      : decodeTopics(reader);
    return [{ group: groups[0] ?? "", partitions, errorCode: reader.int16() }];
  }
  return reader.compactArray(() => {
    const group = reader.compactString();
    const partitions = decodeTopics(reader);
    const errorCode = reader.int16();
    reader.skipTags();
    return { group, errorCode, partitions };
  });
}

/** Reads a response below version 6. */
function decodeOlderTopics(version: number, reader: ProtocolReader): FetchedCommittedOffset[] {
  return reader.array(() => {
    const topic = reader.string();
    return reader.array(() => {
      const partition = reader.int32();
      const committedOffset = reader.int64();
      if (version >= 5) reader.int32(); // committed leader epoch
      const metadata = reader.string();
      const errorCode = reader.int16();
      return { topic, partition, committedOffset, metadata, errorCode };
    });
  }).flat();
}

function decodeTopics(reader: ProtocolReader): FetchedCommittedOffset[] {
  return reader.compactArray(() => {
    const topic = reader.compactString();
    const partitions = reader.compactArray(() => {
      const partition = reader.int32();
      const committedOffset = reader.int64();
      reader.int32(); // committed leader epoch
      const metadata = reader.compactNullableString() ?? "";
      const errorCode = reader.int16();
      reader.skipTags();
      return { topic, partition, committedOffset, metadata, errorCode };
    });
    reader.skipTags();
    return partitions;
  }).flat();
}
