// Version negotiation, for the requests encoded here and for those that kafkajs encodes. What a broker speaks is what it
// answered on this connection (ApiVersions); nothing is inferred from a release. What is missing is named by request and
// version.

import { type Api, type ApiName, APIS, type VersionRange } from "../protocol/apis.ts";
import type { RequestChannel } from "./request_channel.ts";
import { ConnectionError } from "./connection_error.ts";

/** Smallest and largest version a broker speaks, by API key. */
export type ApiVersionTable = ReadonlyMap<number, VersionRange>;

/** Where requests are sent, and what is spoken there. */
export interface BrokerChannel {
  readonly connection: RequestChannel;
  readonly versions: ApiVersionTable;
}

/**
 * The highest version of an API both sides speak; undefined where there is none.
 *
 * @param from the least version that will do, where that is not the least one written here
 * @param to the highest one that will do
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

/** The same. @throws {ConnectionError} `unsupported` where there is none */
export function requireVersion(broker: BrokerChannel, name: ApiName): number {
  const version = supportedVersion(broker, name);
  if (version !== undefined) return version;
  throw new ConnectionError(
    "unsupported",
    broker.connection.address,
    `the broker does not speak ${wantedText(broker.versions, name, APIS[name].min)}`,
  );
}

/** Whether a broker speaks a version of an API or a later one, be it written here or not. */
export function speaks(
  { versions }: Pick<BrokerChannel, "versions">,
  name: ApiName,
  version: number,
): boolean {
  return (versions.get(APIS[name].key)?.max ?? -1) >= version;
}

/**
 * Whether a broker keeps the answers to Fetch and Produce back for as long as a quota asks; those since 2.0 answer at
 * once and ask to wait (KIP-219).
 */
export function keepsAnswersBack(broker: Pick<BrokerChannel, "versions">): boolean {
  return !speaks(broker, "Fetch", 8);
}

/**
 * What a broker of a cluster of that role would have to speak and does not, as a phrase: `OffsetFetch 2, which Kafka
 * 0.10.2 brought`; undefined where it speaks all.
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

/** A broker may also have left the versions behind that are written here: then what is missing is one of them. */
function wantedText(versions: ApiVersionTable, name: ApiName, from: number): string {
  const { key, max, since }: Api = APIS[name];
  const theirs = versions.get(key);
  if (theirs !== undefined && theirs.min > max) {
    return `${name} ${max} or below any more (it speaks ${theirs.min} to ${theirs.max})`;
  }
  const release = since[from];
  return `${name} ${from}${release === undefined ? "" : `, which Kafka ${release} brought`}`;
}
