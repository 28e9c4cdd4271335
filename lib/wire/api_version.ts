// Version negotiation, for requests that this program encodes and for those that kafkajs encodes. A broker speaks what it
// answered to ApiVersions on this connection; nothing is inferred from a release. A missing request is named with its
// version.

import { type Api, type ApiName, APIS, type VersionRange } from "../protocol/apis.ts";
import type { RequestChannel } from "./request_channel.ts";
import { ConnectionError } from "./connection_error.ts";

/** Smallest and largest version a broker speaks, by API key. */
export type ApiVersionTable = ReadonlyMap<number, VersionRange>;

/** Where requests are sent, and the versions that are spoken there. */
export interface BrokerChannel {
  readonly connection: RequestChannel;
  readonly versions: ApiVersionTable;
}

/**
 * The highest version of an API that both sides speak; undefined if there is none.
 *
 * @param from the lowest version that will do, if that is not the lowest one in apis.ts
 * @param to the highest version that will do
 */
export function supportedVersion(
  { versions }: Pick<BrokerChannel, "versions">,
  name: ApiName,
  { from, to }: { readonly from?: number; readonly to?: number } = {},
): number | undefined {
  const { key, min, max }: Api = APIS[name];
  const theirs = versions.get(key);
  if (theirs === undefined) return undefined;
  const version = Math.min(theirs.max, to ?? max);
  return version >= (from ?? min) && version >= theirs.min ? version : undefined;
}

/** The highest version that both sides speak. @throws {ConnectionError} `unsupported` if there is none */
export function requireVersion(broker: BrokerChannel, name: ApiName): number {
  const version = supportedVersion(broker, name);
  if (version !== undefined) return version;
  throw new ConnectionError(
    "unsupported",
    broker.connection.address,
    `the broker does not speak ${wantedText(broker.versions, name, APIS[name].min)}`,
  );
}

/** Whether a broker speaks a version of an API or a later one, whether or not this program speaks it. */
export function speaks(
  { versions }: Pick<BrokerChannel, "versions">,
  name: ApiName,
  version: number,
): boolean {
  return (versions.get(APIS[name].key)?.max ?? -1) >= version;
}

/**
 * Whether a broker delays its answers to Fetch and Produce for as long as a quota requires. Brokers since 2.0 answer at
 * once and ask the client to wait (KIP-219).
 */
export function keepsAnswersBack(broker: Pick<BrokerChannel, "versions">): boolean {
  return !speaks(broker, "Fetch", 8);
}

/**
 * The requests that a broker of a cluster in that role has to speak and does not, as a phrase: `OffsetFetch 2, which Kafka
 * 0.10.2 brought`; undefined if it speaks all of them.
 */
export function missingVersions(
  versions: ApiVersionTable,
  role: "source" | "target",
): string | undefined {
  const missing = (Object.keys(APIS) as ApiName[]).flatMap((name) => {
    const { floor }: Api = APIS[name];
    const from = floor?.[role];
    if (from === undefined || supportedVersion({ versions }, name, { from }) !== undefined) {
      return [];
    }
    return [wantedText(versions, name, from)];
  });
  return missing.length === 0 ? undefined : missing.join(", nor ");
}

/** A newer broker may have dropped the versions that this program speaks: then one of those is what is missing. */
function wantedText(versions: ApiVersionTable, name: ApiName, from: number): string {
  const { key, max, since }: Api = APIS[name];
  const theirs = versions.get(key);
  if (theirs !== undefined && theirs.min > max) {
    return `${name} ${max} or below any more (it speaks ${theirs.min} to ${theirs.max})`;
  }
  const release = since[from];
  return `${name} ${from}${release === undefined ? "" : `, which Kafka ${release} brought`}`;
}
