// ListGroups 0 to 5: every group, from 4 with its state (KIP-518), from 5 with its type (KIP-848). kafkajs stops at 2,
// which tells neither.

import { APIS } from "./apis.ts";
import type { RequestFrame, ResponseFrame } from "./frame.ts";
import { ProtocolReader } from "./protocol_reader.ts";
import { ProtocolWriter } from "./protocol_writer.ts";

const FLEXIBLE = 3;
const WITH_STATES = 4;
const WITH_TYPES = 5;

/** A group as its coordinator lists it. */
export interface ListedGroup {
  readonly group: string;
  readonly protocolType: string;
  /** `Stable`, `Empty`, …; undefined below version 4. */
  readonly state: string | undefined;
  /** `classic`, `consumer`, `share`, `streams`; undefined below version 5. */
  readonly type: string | undefined;
}

/** Encodes a request for all groups. */
export function encodeListGroups(
  version: number,
): Pick<RequestFrame, "apiKey" | "apiVersion" | "flexible" | "body"> {
  const writer = new ProtocolWriter(16);
  if (version >= WITH_STATES) writer.uvarint(1); // names no states: groups in any state
  if (version >= WITH_TYPES) writer.uvarint(1); // names no types: groups of any type
  const flexible = version >= FLEXIBLE;
  if (flexible) writer.noTags();
  return { apiKey: APIS.ListGroups.key, apiVersion: version, flexible, body: [writer.bytes] };
}

/** Reads a response of that version. @throws {ProtocolError} when the bytes are not one */
export function decodeListGroups(
  version: number,
  { bytes, start, end }: ResponseFrame,
): { readonly errorCode: number; readonly groups: readonly ListedGroup[] } {
  const reader = new ProtocolReader(bytes, start, end);
  if (version >= 1) reader.int32(); // throttle time
  const errorCode = reader.int16();
  if (version < FLEXIBLE) {
    const groups = reader.array(() => {
      const group = reader.string();
      return { group, protocolType: reader.string(), state: undefined, type: undefined };
    });
    return { errorCode, groups };
  }
  const groups = reader.compactArray(() => {
    const group = reader.compactString();
    const protocolType = reader.compactString();
    const state = version >= WITH_STATES ? reader.compactString() : undefined;
    const type = version >= WITH_TYPES ? reader.compactString() : undefined;
    reader.skipTags();
    return { group, protocolType, state, type };
  });
  return { errorCode, groups };
}
