// Version negotiation for the requests encoded here (kafkajs negotiates its own).

import type { BrokerConnection } from "../wire/connect.ts";
import { ConnectionError } from "../wire/connection_error.ts";

/** The highest version of an API both sides speak. @throws {ConnectionError} `unsupported` where there is none */
export function requireVersion(
  { connection, versions }: BrokerConnection,
  apiKey: number,
  ours: { readonly min: number; readonly max: number },
): number {
  const theirs = versions.get(apiKey);
  const version = Math.min(theirs?.max ?? -1, ours.max);
  if (theirs !== undefined && version >= ours.min && version >= theirs.min) return version;
  throw new ConnectionError(
    "unsupported",
    connection.address,
    `the broker speaks no version ${ours.min} to ${ours.max} of API ${apiKey}; Kafka 2.4 or newer is needed`,
  );
}
