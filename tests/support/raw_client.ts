/**
 * Produces record batches as bytes and fetches them as bytes, for what no ordinary client would write or hand over:
 * timestamps of −1, header names that are no UTF-8, batches with attributes of one's choice. Waits for the leader of a new topic, and refuses
 * to retry anything else.
 */

import type { TopicPartition } from "../../lib/core/topic_partition.ts";
import { requireVersion } from "../../lib/wire/api_version.ts";
import { type BrokerConnection, connectToBroker } from "../../lib/wire/connect.ts";
import { decodeFetch, encodeFetch } from "../../lib/wire/fetch.ts";
import { decodeProduce, encodeProduce } from "../../lib/wire/produce.ts";

/** UNKNOWN_TOPIC_OR_PARTITION, LEADER_NOT_AVAILABLE, NOT_LEADER_OR_FOLLOWER. */
const leaderNotReady = [3, 5, 6];

/** Produces batches to a partition, one after the other. @throws Error with the broker's error code */
export async function produceRaw(
  address: string,
  partition: TopicPartition,
  batches: readonly Uint8Array[],
): Promise<void> {
  await connected(address, async (broker) => {
    for (const batch of batches) await produceToAll(broker, [partition], batch);
  });
}

/** Produces the same batch to the first partitions of a topic. @throws Error with the broker's error code */
export async function produceRawToAll(
  address: string,
  topic: string,
  partitions: number,
  batch: Uint8Array,
): Promise<void> {
  const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  await connected(address, (broker) => produceToAll(broker, all, batch));
}

async function produceToAll(
  broker: BrokerConnection,
  partitions: readonly TopicPartition[],
  batch: Uint8Array,
): Promise<void> {
  for (let [left, tries] = [partitions, 0]; left.length > 0; tries++) {
    if (tries > 0) await new Promise((resolve) => setTimeout(resolve, 100));
    const version = requireVersion(broker, "Produce");
    const wanted = left.map((partition) => ({ ...partition, batch }));
    const request = encodeProduce(version, wanted, 10_000);
    const answers = decodeProduce(version, await broker.connection.send(request)).partitions;
    left = answers.filter(({ errorCode }) => errorCode !== 0);
    const failed = answers.find(({ errorCode }) =>
      errorCode !== 0 && (tries > 300 || !leaderNotReady.includes(errorCode))
    );
    if (failed) throw new Error(`Cannot produce to ${failed.topic}: error ${failed.errorCode}`);
  }
}

/** The record batches from an offset on, as they lie in the log: what one Fetch of a megabyte brings. */
export async function fetchRaw(
  address: string,
  partition: TopicPartition,
  fetchOffset = 0n,
): Promise<readonly Uint8Array[]> {
  return await connected(address, async (broker) => {
    const limits = { maxWaitMs: 100, maxBytes: 1 << 20, partitionMaxBytes: 1 << 20 };
    const version = requireVersion(broker, "Fetch");
    const request = encodeFetch(version, [{ ...partition, leaderEpoch: -1, fetchOffset }], limits);
    const frame = await broker.connection.send(request);
    const [fetched] = decodeFetch(version, frame).partitions;
    if (fetched?.errorCode !== 0) {
      throw new Error(`Cannot fetch from ${partition.topic}: error ${fetched?.errorCode}`);
    }
    const batches: Uint8Array[] = [];
    for (let at = fetched.recordsStart; at + 12 < fetched.recordsEnd;) {
      const size = 12 + frame.view.getInt32(at + 8);
      if (at + size > fetched.recordsEnd) break;
      batches.push(frame.bytes.slice(at, at + size));
      at += size;
    }
    return batches;
  });
}

async function connected<Result>(
  address: string,
  use: (broker: BrokerConnection) => Promise<Result>,
): Promise<Result> {
  const separator = address.lastIndexOf(":");
  const advertised = {
    host: address.slice(0, separator),
    port: Number(address.slice(separator + 1)),
  };
  const broker = await connectToBroker(
    { bootstrapServers: [advertised], addresses: new Map() },
    "source",
    advertised,
  );
  try {
    return await use(broker);
  } finally {
    broker.connection.close();
  }
}
