// ApiVersions 0 (KIP-35): asks which versions a broker speaks, first on every connection. All brokers since 0.10
// answer it, whatever else they speak; older ones close the connection.

import { formatKafkaError, KAFKA_ERRORS } from "../model/kafka_error.ts";
import type { ApiVersionTable } from "./api_version.ts";
import { APIS, type VersionRange } from "../protocol/apis.ts";
import type { RequestChannel } from "./request_channel.ts";
import { ConnectionError } from "./connection_error.ts";
import { ProtocolError, ProtocolReader } from "../protocol/protocol_reader.ts";

/**
 * Asks a broker for its versions.
 *
 * @throws {ConnectionError} `unsupported` if the broker answers that it does not speak ApiVersions 0
 * @throws {ProtocolError} when the answer cannot be decoded
 */
export async function fetchApiVersions(connection: RequestChannel): Promise<ApiVersionTable> {
  const { key, min } = APIS.ApiVersions;
  const answer = await connection.send({ apiKey: key, apiVersion: min, body: [] });
  const reader = new ProtocolReader(answer.bytes, answer.start, answer.end);
  const errorCode = reader.int16();
  if (errorCode === KAFKA_ERRORS.UNSUPPORTED_VERSION) {
    const problem = `the broker does not speak ApiVersions ${min}`;
    throw new ConnectionError("unsupported", connection.address, problem);
  }
  if (errorCode !== 0) {
    throw new ProtocolError(`ApiVersions failed: ${formatKafkaError(errorCode)}`);
  }
  const versions = reader.array((): [number, VersionRange] => [
    reader.int16(),
    { min: reader.int16(), max: reader.int16() },
  ]);
  return new Map(versions);
}
