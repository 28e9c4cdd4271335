// Version negotiation for the requests encoded here (kafkajs negotiates its own).

import type { BrokerConnection } from "../wire/connect.ts";
import { ConnectionError } from "../wire/connection_error.ts";

interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/** The highest version of an API both sides speak; undefined where there is none. */
export function supportedVersion(
  { versions }: BrokerConnection,
  apiKey: number,
  ours: VersionRange,
): number | undefined {
  const theirs = versions.get(apiKey);
  if (theirs === undefined) return undefined;
  const version = Math.min(theirs.max, ours.max);
  return version >= ours.min && version >= theirs.min ? version : undefined;
}

/** The same. @throws {ConnectionError} `unsupported` where there is none */
export function requireVersion(
  broker: BrokerConnection,
  apiKey: number,
  ours: VersionRange,
): number {
  const version = supportedVersion(broker, apiKey, ours);
  if (version !== undefined) return version;
  throw new ConnectionError(
    "unsupported",
    broker.connection.address,
    `the broker speaks no version ${ours.min} to ${ours.max} of API ${apiKey}; Kafka 2.4 or newer is needed`,
  );
}
