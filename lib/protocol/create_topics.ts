// CreateTopics 2 to 5. Version 5 (KIP-525) is the first whose answer holds the settings that the topic has, or would
// have if it is only validated, and the first in compact form; kafkajs stops at 3.

import { APIS } from "./apis.ts";
import type { RequestFrame, ResponseFrame } from "./frame.ts";
import { ProtocolReader } from "./protocol_reader.ts";
import { ProtocolWriter } from "./protocol_writer.ts";

/** The first version in compact form. */
const FLEXIBLE = 5;

/** A topic to create. */
export interface TopicToCreate {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Settings of its own, by name. */
  readonly configs: ReadonlyMap<string, string>;
}

/** The broker's answer for one topic. */
export interface CreatedTopic {
  readonly topic: string;
  readonly errorCode: number;
  /** The error in the broker's own words. */
  readonly errorMessage?: string;
  /** The settings in force; absent if the user may not see them, and below version 5. */
  readonly settings?: readonly {
    readonly name: string;
    readonly value: string;
    readonly source: number;
  }[];
}

/** Encodes a request. With `validateOnly` the broker checks everything and creates nothing. */
export function encodeCreateTopics(
  version: number,
  topics: readonly TopicToCreate[],
  { timeoutMs, validateOnly }: { readonly timeoutMs: number; readonly validateOnly: boolean },
): Pick<RequestFrame, "apiKey" | "apiVersion" | "flexible" | "body"> {
  const writer = new ProtocolWriter();
  const request = { apiKey: APIS.CreateTopics.key, apiVersion: version };
  if (version < FLEXIBLE) {
    writer.array(topics, ({ topic, partitions, replicationFactor, configs }) => {
      writer.string(topic).int32(partitions).int16(replicationFactor);
      writer.int32(0); // no assignment: the cluster places the replicas
      writer.array([...configs], ([name, value]) => writer.string(name).string(value));
    });
    writer.int32(timeoutMs).boolean(validateOnly);
    return { ...request, body: [writer.bytes] };
  }
  writer.compactArray(topics, ({ topic, partitions, replicationFactor, configs }) => {
    writer.compactString(topic).int32(partitions).int16(replicationFactor);
    writer.uvarint(1); // no assignment: the cluster places the replicas
    writer.compactArray([...configs], ([name, value]) => {
      writer.compactString(name).compactString(value).noTags();
    });
    writer.noTags();
  });
  writer.int32(timeoutMs).boolean(validateOnly).noTags();
  return { ...request, flexible: true, body: [writer.bytes] };
}

/** Reads a response. @throws {ProtocolError} when the bytes are not one */
export function decodeCreateTopics(
  version: number,
  { bytes, start, end }: ResponseFrame,
): CreatedTopic[] {
  const reader = new ProtocolReader(bytes, start, end);
  reader.int32(); // throttle time
  if (version < FLEXIBLE) {
    return reader.array(() => {
      const topic = reader.string();
      const errorCode = reader.int16();
      const errorMessage = reader.nullableString();
      return { topic, errorCode, ...(errorMessage !== null && { errorMessage }) };
    });
  }
  return reader.compactArray(() => {
    const topic = reader.compactString();
    const errorCode = reader.int16();
    const errorMessage = reader.compactNullableString();
    reader.int32(); // partitions
    reader.int16(); // replication factor
    const settings = reader.compactArray(() => {
      const name = reader.compactString();
      const value = reader.compactNullableString() ?? "";
      reader.boolean(); // read only
      const source = reader.int8();
      reader.boolean(); // sensitive
      reader.skipTags();
      return { name, value, source };
    });
    reader.skipTags();
    return {
      topic,
      errorCode,
      ...(errorMessage !== null && { errorMessage }),
      ...(settings.length > 0 && { settings }),
    };
  });
}
