// DescribeGroups 0 to 2 (Kafka ≥ 0.9): the states of groups, for brokers whose ListGroups does not tell them (before
// 2.6). The rest of an answer, the members and what they read, is skipped.

import { APIS } from "./apis.ts";
import type { RequestFrame, ResponseFrame } from "./frame.ts";
import { ProtocolReader } from "./protocol_reader.ts";
import { ProtocolWriter } from "./protocol_writer.ts";

/** A group as its coordinator describes it. */
export interface DescribedGroup {
  readonly group: string;
  readonly errorCode: number;
  /** `Stable`, `Empty`, …; `Dead` if the broker does not coordinate the group; an empty string with an error. */
  readonly state: string;
}

/** Encodes a request, which has to go to the groups' coordinator. */
export function encodeDescribeGroups(
  version: number,
  groups: readonly string[],
): Pick<RequestFrame, "apiKey" | "apiVersion" | "body"> {
  const writer = new ProtocolWriter();
  writer.array(groups, (group) => writer.string(group));
  return { apiKey: APIS.DescribeGroups.key, apiVersion: version, body: [writer.bytes] };
}

/** Reads a response of that version. @throws {ProtocolError} when the bytes are not one */
export function decodeDescribeGroups(
  version: number,
  { bytes, start, end }: ResponseFrame,
): DescribedGroup[] {
  const reader = new ProtocolReader(bytes, start, end);
  if (version >= 1) reader.int32(); // throttle time
  return reader.array(() => {
    const errorCode = reader.int16();
    const group = reader.string();
    const state = reader.string();
    reader.string(); // protocol type
    reader.string(); // protocol
    reader.array(() => {
      reader.string(); // member id
      reader.string(); // client id
      reader.string(); // client host
      reader.skip(Math.max(reader.int32(), 0)); // what it subscribes to
      reader.skip(Math.max(reader.int32(), 0)); // what it is assigned
    });
    return { group, errorCode, state };
  });
}
