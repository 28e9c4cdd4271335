// Consumer groups: listed on every broker (the broker that lists a group is its coordinator, so none is looked up),
// and their committed offsets, many groups a request. A coordinator that is still loading is asked again: it must
// not look like one without groups.

import type { GroupSnapshot } from "../core/snapshot.ts";
import { formatTopicPartition } from "../core/topic_partition.ts";
import { type Failure, failure, within } from "../core/failure.ts";
import { formatKafkaError, isAuthorizationError, kafkaError } from "../core/kafka_error.ts";
import type { BrokerConnection } from "../wire/connect.ts";
import {
  decodeListGroups,
  encodeListGroups,
  LIST_GROUPS_API_KEY,
  LIST_GROUPS_VERSIONS,
  type ListedGroup,
} from "../wire/list_groups.ts";
import {
  decodeOffsetFetch,
  encodeOffsetFetch,
  type FetchedGroupOffsets,
  OFFSET_FETCH_API_KEY,
  OFFSET_FETCH_MANY_GROUPS,
  OFFSET_FETCH_VERSIONS,
} from "../wire/offset_fetch.ts";
import { requireVersion } from "../wire/api_version.ts";
import type { Backoff } from "./backoff.ts";
import { forEachAtOnce } from "./for_each_at_once.ts";

/** Groups a request: measured flat between 100 and 1,000 on Kafka 4.1. */
const GROUPS_PER_REQUEST = 250;
const REQUESTS_AT_ONCE = 8;

/** A broker refused to list its groups. */
export class GroupListError extends Error {
  override readonly name = "GroupListError";

  constructor(readonly failure: Failure) {
    super(failure.text);
  }
}

/**
 * Lists the groups one broker coordinates, or those of them that are named, with their committed offsets.
 *
 * @throws {ConnectionError | GroupListError} when the list itself cannot be had; errors of single groups sit on them
 */
export async function fetchGroups(
  broker: BrokerConnection,
  backoff: Backoff,
  names?: ReadonlySet<string>,
): Promise<readonly GroupSnapshot[]> {
  const listed = (await listGroups(broker, backoff)).filter(({ group }) =>
    names?.has(group) ?? true
  );
  const byName = new Map(listed.map((group) => [group.group, group]));
  // Share groups keep their state elsewhere (KIP-932): there is nothing to fetch.
  const named = listed.filter(({ type }) => type !== "share").map(({ group }) => group);
  const offsets = await fetchOffsets(broker, named, backoff);
  const snapshots = offsets.map((fetched) => toSnapshot(fetched, byName.get(fetched.group)));
  const shared = listed.filter(({ type }) => type === "share").map((group): GroupSnapshot => ({
    group: group.group,
    type: "share",
    state: group.state,
    committed: new Map(),
  }));
  return [...snapshots, ...shared];
}

async function listGroups(broker: BrokerConnection, backoff: Backoff) {
  const version = requireVersion(broker, LIST_GROUPS_API_KEY, LIST_GROUPS_VERSIONS);
  return await backoff(async () => {
    const frame = await broker.connection.send(encodeListGroups(version));
    const { errorCode, groups } = decodeListGroups(version, frame);
    if (errorCode === 0) return groups;
    if (kafkaError(errorCode).action !== "fatal") return undefined;
    throw refused(unreadable(errorCode, formatKafkaError(errorCode)));
  }, () => refused(failure("GROUP_UNREADABLE", "it is still loading them")));

  function refused(why: Failure): GroupListError {
    const { advertised } = broker.connection.address;
    const words = `Cannot list the consumer groups of broker ${advertised}: `;
    return new GroupListError(within(words, why));
  }
}

async function fetchOffsets(
  broker: BrokerConnection,
  groups: readonly string[],
  backoff: Backoff,
): Promise<FetchedGroupOffsets[]> {
  const version = requireVersion(broker, OFFSET_FETCH_API_KEY, OFFSET_FETCH_VERSIONS);
  const perRequest = version >= OFFSET_FETCH_MANY_GROUPS ? GROUPS_PER_REQUEST : 1;
  const chunks: string[][] = [];
  for (let at = 0; at < groups.length; at += perRequest) {
    chunks.push(groups.slice(at, at + perRequest));
  }
  const results: FetchedGroupOffsets[] = [];
  await forEachAtOnce(chunks, REQUESTS_AT_ONCE, async (chunk) => {
    results.push(...await fetchChunk(broker, chunk, backoff));
  });
  return results;
}

/** Asks a coordinator once for the offsets of its groups, in as many requests as its version takes. @throws {ConnectionError | ProtocolError} */
export async function askOffsets(
  broker: BrokerConnection,
  groups: readonly string[],
  requireStable: boolean,
): Promise<readonly FetchedGroupOffsets[]> {
  const version = requireVersion(broker, OFFSET_FETCH_API_KEY, OFFSET_FETCH_VERSIONS);
  const requests = version >= OFFSET_FETCH_MANY_GROUPS ? [groups] : groups.map((group) => [group]);
  const answers = await Promise.all(requests.map(async (names) =>
    decodeOffsetFetch(
      version,
      names,
      await broker.connection.send(encodeOffsetFetch(version, names, requireStable)),
    )
  ));
  return answers.flat();
}

async function fetchChunk(
  broker: BrokerConnection,
  groups: readonly string[],
  backoff: Backoff,
): Promise<FetchedGroupOffsets[]> {
  const done = new Map<string, FetchedGroupOffsets>();
  let left = groups;
  await backoff(async () => {
    const answers = await askOffsets(broker, left, true);
    for (const answer of answers) done.set(answer.group, answer);
    left = answers.filter(isPassing).map(({ group }) => group);
    return left.length === 0 ? true : undefined;
  }, () => undefined);
  // An offset commit in an open transaction keeps offsets unstable. The last stable one is safe: it only copies more.
  const unstable = left.filter((group) => done.get(group)?.errorCode === 0);
  if (unstable.length > 0) {
    for (const answer of await askOffsets(broker, unstable, false)) done.set(answer.group, answer);
  }
  return [...done.values()];
}

/** Whether a coordinator that answers so has to be asked again: it may still be loading, or moving. */
export function isPassing({ errorCode, partitions }: FetchedGroupOffsets): boolean {
  const passes = (code: number) => code !== 0 && kafkaError(code).action !== "fatal";
  return passes(errorCode) || partitions.some((partition) => passes(partition.errorCode));
}

function toSnapshot(fetched: FetchedGroupOffsets, listed: ListedGroup | undefined): GroupSnapshot {
  const committed = new Map<string, Map<number, bigint>>();
  const metadata = new Map<string, string>();
  let errorCode = fetched.errorCode;
  for (const partition of fetched.partitions) {
    errorCode ||= partition.errorCode;
    if (partition.committedOffset < 0n) continue;
    if (partition.metadata !== "") {
      metadata.set(formatTopicPartition(partition), partition.metadata);
    }
    const ofTopic = committed.get(partition.topic) ?? new Map<number, bigint>();
    committed.set(partition.topic, ofTopic.set(partition.partition, partition.committedOffset));
  }
  return {
    group: fetched.group,
    type: listed?.type || listed?.protocolType || "",
    state: listed?.state ?? "",
    committed,
    ...(metadata.size > 0 && { metadata }),
    ...(errorCode !== 0 && {
      problem: unreadable(
        errorCode,
        `its committed offsets could not be read: ${formatKafkaError(errorCode)}`,
      ),
    }),
  };
}

function unreadable(errorCode: number, text: string): Failure {
  return failure(isAuthorizationError(errorCode) ? "NOT_AUTHORIZED" : "GROUP_UNREADABLE", text);
}
