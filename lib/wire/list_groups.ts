// ListGroups 3 to 5: every group, from 4 with its state (KIP-518), from 5 with its type (KIP-848). kafkajs stops at 2,
// which tells neither.

import type { RequestFrame, ResponseFrame } from "./connection.ts";
import { ProtocolReader } from "./protocol_reader.ts";
import { ProtocolWriter } from "./protocol_writer.ts";

/** API key of ListGroups. */
export const LIST_GROUPS_API_KEY = 16;
/** Versions read here. */
export const LIST_GROUPS_VERSIONS = { min: 3, max: 5 };

/** A group as its coordinator lists it. */
export interface ListedGroup {
  readonly group: string;
  readonly protocolType: string;
  /** `Stable`, `Empty`, …; empty below version 4. */
  readonly state: string;
  /** `classic`, `consumer`, `share`, `streams`; empty below version 5. */
  readonly type: string;
}

/** Encodes a request for all groups. */
export function encodeListGroups(
  version: number,
): Pick<RequestFrame, "apiKey" | "apiVersion" | "flexible" | "body"> {
  const writer = new ProtocolWriter(16);
  if (version >= 4) writer.uvarint(1); // no states asked for: all
  if (version >= 5) writer.uvarint(1); // no types asked for: all
  writer.noTags();
  return { apiKey: LIST_GROUPS_API_KEY, apiVersion: version, flexible: true, body: [writer.bytes] };
}

/** Reads a response of that version. @throws {ProtocolError} when it is not one */
export function decodeListGroups(
  version: number,
  { bytes, start, end }: ResponseFrame,
): { readonly errorCode: number; readonly groups: readonly ListedGroup[] } {
  const reader = new ProtocolReader(bytes, start, end);
  reader.int32(); // throttle time
  const errorCode = reader.int16();
  const groups = reader.compactArray(() => {
    const group = reader.compactString();
    const protocolType = reader.compactString();
    const state = version >= 4 ? reader.compactString() : "";
    const type = version >= 5 ? reader.compactString() : "";
    reader.skipTags();
    return { group, protocolType, state, type };
  });
  return { errorCode, groups };
}
