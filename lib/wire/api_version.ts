// Version negotiation, for the requests encoded here and for those that kafkajs encodes.

import type { RequestChannel } from "./connection.ts";
import { ConnectionError } from "./connection_error.ts";

/** Smallest and largest version a broker speaks, by API key. */
export type ApiVersionTable = ReadonlyMap<number, { readonly min: number; readonly max: number }>;

/** Where requests are sent, and what is spoken there. */
export interface BrokerChannel {
  readonly connection: RequestChannel;
  readonly versions: ApiVersionTable;
}

interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/** The highest version of an API both sides speak; undefined where there is none. */
export function supportedVersion(
  { versions }: Pick<BrokerChannel, "versions">,
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
  broker: BrokerChannel,
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
