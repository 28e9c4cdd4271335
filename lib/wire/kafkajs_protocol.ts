// The bridge to kafkajs: its request encoders and response decoders, imported by file (2.2.4 has no exports map and is
// pinned exactly) and given types. Each is imported by itself, since loading all of them takes a twentieth of the
// start-up time. Its sockets, retries and cluster code are not used: requests go over our own connection. Responses
// are decoded but not "parsed": kafkajs's parse throws a whole response away when one partition in it has an error
// (kafkajs/src/protocol/requests/*/response.js).

import { Buffer } from "node:buffer";
import Decoder from "kafkajs/src/protocol/decoder.js";
import DeleteTopics from "kafkajs/src/protocol/requests/deleteTopics/index.js";
import DescribeConfigs from "kafkajs/src/protocol/requests/describeConfigs/index.js";
import FindCoordinator from "kafkajs/src/protocol/requests/findCoordinator/index.js";
import Heartbeat from "kafkajs/src/protocol/requests/heartbeat/index.js";
import InitProducerId from "kafkajs/src/protocol/requests/initProducerId/index.js";
import OffsetCommit from "kafkajs/src/protocol/requests/offsetCommit/index.js";
import { errorMessage } from "../model/error_message.ts";
import { type BrokerChannel, requireVersion } from "./api_version.ts";
import type { ApiName } from "../protocol/apis.ts";
import type { RequestChannel } from "./request_channel.ts";
import { ProtocolError } from "../protocol/protocol_reader.ts";

interface KafkajsDecoder {
  readonly buffer: Buffer;
  readonly offset: number;
}

// kafkajs allocates as many array items as a response claims to have: a few bytes could make it allocate hundreds of
// megabytes.
for (const name of ["readArray", "readArrayAsync"] as const) {
  const read = Decoder.prototype[name];
  Decoder.prototype[name] = function (this: KafkajsDecoder, ...rest: readonly unknown[]) {
    const left = this.buffer.length - this.offset - 4;
    const count = this.buffer.readInt32BE(this.offset);
    if (count > left) {
      throw new ProtocolError(`An array of ${count} items cannot lie in ${left} bytes`);
    }
    return Reflect.apply(read, this, rest);
  };
}

/** A request and its response decoder as kafkajs defines them. */
export interface KafkajsProtocol {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    encode(): Promise<{ readonly buffer: Uint8Array }>;
  };
  readonly response: {
    decode(payload: Buffer): Promise<unknown>;
    parse(decoded: unknown): Promise<unknown>;
  };
}

/** How kafkajs speaks each version of one API. */
interface KafkajsDefinition {
  protocol(
    chosen: { readonly version: number },
  ): (options: Readonly<Record<string, unknown>>) => KafkajsProtocol;
}

/** The requests that kafkajs encodes, by Kafka's names. */
const definitions = {
  DeleteTopics,
  DescribeConfigs,
  FindCoordinator,
  Heartbeat,
  InitProducerId,
  OffsetCommit,
} satisfies Readonly<Partial<Record<ApiName, KafkajsDefinition>>>;

/** The name of a request that kafkajs encodes. */
export type KafkajsApi = keyof typeof definitions;

/**
 * Sends a kafkajs request in the highest version that both sides speak. Returns the decoded response; error codes stay in
 * it.
 *
 * @throws {ConnectionError | ProtocolError}
 */
export async function sendKafkajsRequest<Response>(
  broker: BrokerChannel,
  api: KafkajsApi,
  options: Readonly<Record<string, unknown>>,
): Promise<Response> {
  const definition: KafkajsDefinition = definitions[api];
  const version = requireVersion(broker, api);
  const protocol = definition.protocol({ version })(options);
  return await exchangeKafkajs(broker.connection, protocol) as Response;
}

/** Sends a kafkajs request and decodes the response. @throws {ConnectionError | ProtocolError} */
export async function exchangeKafkajs(
  connection: RequestChannel,
  protocol: KafkajsProtocol,
): Promise<unknown> {
  const { request, response } = protocol;
  const { buffer } = await request.encode();
  const { apiKey, apiVersion } = request;
  const { bytes, start, end } = await connection.send({ apiKey, apiVersion, body: [buffer] });
  try {
    return await response.decode(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start));
  } catch (error) {
    const reason = errorMessage(error);
    throw new ProtocolError(`The response to API ${apiKey} could not be read: ${reason}`);
  }
}
