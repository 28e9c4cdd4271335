// Metadata from one broker, in the highest version both sides speak.

import type { BrokerConnection } from "../wire/connect.ts";
import {
  decodeMetadata,
  encodeMetadata,
  type Metadata,
  METADATA_API_KEY,
  METADATA_VERSIONS,
} from "../wire/metadata.ts";
import { requireVersion } from "../wire/api_version.ts";

/** Asks for brokers and the named topics, or all. @throws {ConnectionError | ProtocolError} */
export async function fetchMetadata(
  broker: BrokerConnection,
  topics: readonly string[] | "all",
): Promise<Metadata> {
  const version = requireVersion(broker, METADATA_API_KEY, METADATA_VERSIONS);
  return decodeMetadata(version, await broker.connection.send(encodeMetadata(version, topics)));
}
