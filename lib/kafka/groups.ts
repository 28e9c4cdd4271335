// Lists consumer groups on every broker (the broker that lists a group is its coordinator, so no lookup is needed) and
// fetches their committed offsets, many groups in a request. A coordinator that is still loading is asked again: it must
// not look like one without groups. If the list does not hold states (before Kafka 2.6), DescribeGroups asks for them.

import { decodeDescribeGroups, encodeDescribeGroups } from "../protocol/describe_groups.ts";
import type { GroupSnapshot } from "../model/snapshot.ts";
import { formatTopicPartition } from "../model/topic_partition.ts";
import { type Failure, failure, within } from "../model/failure.ts";
import { formatKafkaError, isAuthorizationError, kafkaError } from "../model/kafka_error.ts";
import type { BrokerConnection } from "../wire/broker_connection.ts";
import { decodeListGroups, encodeListGroups, type ListedGroup } from "../protocol/list_groups.ts";
import {
  decodeOffsetFetch,
  encodeOffsetFetch,
  type FetchedGroupOffsets,
  OFFSET_FETCH_MANY_GROUPS,
} from "../protocol/offset_fetch.ts";
import { requireVersion, supportedVersion } from "../wire/api_version.ts";
import type { Backoff } from "../waiting/backoff.ts";
import { forEachAtOnce } from "../waiting/for_each_at_once.ts";

/** Groups in a request: the speed was the same between 100 and 1,000 on Kafka 4.1. */
const GROUPS_PER_REQUEST = 250;
/** Fewer groups in a DescribeGroups request, because its answer holds every member, too. */
const DESCRIBED_PER_REQUEST = 50;
const REQUESTS_AT_ONCE = 8;

/** A broker refused to list its groups. */
export class GroupListError extends Error {
  override readonly name = "GroupListError";

  constructor(
    readonly failure: Failure,
    /** Kafka's error code, if the broker gave one. */
    readonly errorCode?: number,
  ) {
    super(failure.text);
  }
}

/**
 * Lists the groups that one broker coordinates, or the named ones among them, with their committed offsets.
 *
 * @throws {ConnectionError | GroupListError} when the list cannot be obtained; a single group holds its own error
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
  const [offsets, states] = await Promise.all([
    fetchOffsets(broker, named, backoff),
    describeUntold(broker, listed),
  ]);
  const snapshots = offsets.map((fetched) =>
    toSnapshot(fetched, byName.get(fetched.group), states.get(fetched.group))
  );
  const shared = listed.filter(({ type }) => type === "share").map((group): GroupSnapshot => ({
    group: group.group,
    type: "share",
    ...(group.state !== undefined && { state: group.state }),
    committed: new Map(),
  }));
  return [...snapshots, ...shared];
}

async function listGroups(broker: BrokerConnection, backoff: Backoff) {
  const version = requireVersion(broker, "ListGroups");
  return await backoff(async () => {
    const frame = await broker.connection.send(encodeListGroups(version));
    const { errorCode, groups } = decodeListGroups(version, frame);
    if (errorCode === 0) return groups;
    if (kafkaError(errorCode).action !== "fatal") return undefined;
    throw refused(unreadable(errorCode, formatKafkaError(errorCode)), errorCode);
  }, () => refused(failure("GROUP_UNREADABLE", "it is still loading them")));

  function refused(why: Failure, errorCode?: number): GroupListError {
    const { advertised } = broker.connection.address;
    const words = `Cannot list the consumer groups of broker ${advertised}: `;
    return new GroupListError(within(words, why), errorCode);
  }
}

/**
 * The states of groups that were listed without one, by name; a group whose state is not told is absent. Groups without a
 * protocol are not asked for: they cannot have members.
 */
async function describeUntold(
  broker: BrokerConnection,
  listed: readonly ListedGroup[],
): Promise<ReadonlyMap<string, string>> {
  const states = new Map<string, string>();
  const untold = listed.filter(({ state, protocolType }) =>
    state === undefined && protocolType !== ""
  );
  const version = supportedVersion(broker, "DescribeGroups");
  if (version === undefined) return states;
  await forEachAtOnce(inChunks(untold, DESCRIBED_PER_REQUEST), REQUESTS_AT_ONCE, async (chunk) => {
    const names = chunk.map(({ group }) => group);
    const frame = await broker.connection.send(encodeDescribeGroups(version, names));
    for (const { group, errorCode, state } of decodeDescribeGroups(version, frame)) {
      if (errorCode === 0) states.set(group, state);
    }
  });
  return states;
}

function inChunks<Item>(items: readonly Item[], size: number): Item[][] {
  const chunks: Item[][] = [];
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size));
  return chunks;
}

async function fetchOffsets(
  broker: BrokerConnection,
  groups: readonly string[],
  backoff: Backoff,
): Promise<FetchedGroupOffsets[]> {
  const version = requireVersion(broker, "OffsetFetch");
  const perRequest = version >= OFFSET_FETCH_MANY_GROUPS ? GROUPS_PER_REQUEST : 1;
  const chunks = inChunks(groups, perRequest);
  const results: FetchedGroupOffsets[] = [];
  await forEachAtOnce(chunks, REQUESTS_AT_ONCE, async (chunk) => {
    results.push(...await fetchChunk(broker, chunk, backoff));
  });
  return results;
}

/**
 * Asks a coordinator once for the offsets of its groups, in as many requests as its version takes.
 *
 * @throws {ConnectionError | ProtocolError}
 */
export async function askOffsets(
  broker: BrokerConnection,
  groups: readonly string[],
  requireStable: boolean,
): Promise<readonly FetchedGroupOffsets[]> {
  const version = requireVersion(broker, "OffsetFetch");
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
  // An offset commit in an open transaction makes an offset unstable. The last stable one is safe: it only copies more.
  const unstable = left.filter((group) => done.get(group)?.errorCode === 0);
  if (unstable.length > 0) {
    for (const answer of await askOffsets(broker, unstable, false)) done.set(answer.group, answer);
  }
  return [...done.values()];
}

/** Whether this error means that the coordinator is still loading or moving, and has to be asked again. */
export function isPassing({ errorCode, partitions }: FetchedGroupOffsets): boolean {
  const passes = (code: number) => code !== 0 && kafkaError(code).action !== "fatal";
  return passes(errorCode) || partitions.some((partition) => passes(partition.errorCode));
}

/** @param described the group's state from DescribeGroups, if the list does not tell it */
function toSnapshot(
  fetched: FetchedGroupOffsets,
  listed: ListedGroup | undefined,
  described: string | undefined,
): GroupSnapshot {
  const state = listed?.state ?? described;
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
    ...(state !== undefined && { state }),
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
