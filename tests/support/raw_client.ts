/**
 * Produces record batches as bytes and fetches them as bytes, for what no ordinary client would write or hand over:
 * timestamps of −1, header names that are no UTF-8, batches with attributes of one's choice. Waits for the leader of a new topic, and refuses
 * to retry anything else.
 */

import type { TopicPartition } from "../../lib/model/topic_partition.ts";
import { requireVersion } from "../../lib/wire/api_version.ts";
import { connectToBroker } from "../../lib/wire/connect.ts";
import type { BrokerConnection } from "../../lib/wire/broker_connection.ts";
import { decodeFetch, encodeFetch } from "../../lib/protocol/fetch.ts";
import { decodeProduce, encodeProduce } from "../../lib/protocol/produce.ts";

/** UNKNOWN_TOPIC_OR_PARTITION, LEADER_NOT_AVAILABLE, NOT_LEADER_OR_FOLLOWER. */
const leaderNotReady = [3, 5, 6];

/** Produces batches to a partition, one after the other; `address` may be a list, as for all here. @throws Error with the broker's error code */
export async function produceRaw(
  address: string,
  partition: TopicPartition,
  batches: readonly Uint8Array[],
): Promise<void> {
  await connected(address, async (brokers) => {
    for (const batch of batches) await produceToAll(brokers, [partition], batch);
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
  await connected(address, (brokers) => produceToAll(brokers, all, batch));
}

/** One broker after the other, of which each leads some. */
async function produceToAll(
  brokers: readonly BrokerConnection[],
  partitions: readonly TopicPartition[],
  batch: Uint8Array,
): Promise<void> {
  for (let [left, tries] = [partitions, 0]; left.length > 0; tries++) {
    if (tries >= brokers.length) await new Promise((resolve) => setTimeout(resolve, 100));
    const broker = nth(brokers, tries);
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
  return await connected(address, async (brokers) => {
    for (let tries = 0;; tries++) {
      const fetched = await fetchOnce(nth(brokers, tries), partition, fetchOffset);
      if (typeof fetched !== "number") return fetched;
      // The other brokers may lead it.
      if (tries >= brokers.length - 1 || !leaderNotReady.includes(fetched)) {
        throw new Error(`Cannot fetch from ${partition.topic}: error ${fetched}`);
      }
    }
  });
}

/** @returns the batches, or the broker's error code */
async function fetchOnce(
  broker: BrokerConnection,
  partition: TopicPartition,
  fetchOffset: bigint,
): Promise<readonly Uint8Array[] | number> {
  const limits = { maxWaitMs: 100, maxBytes: 1 << 20, partitionMaxBytes: 1 << 20 };
  const version = requireVersion(broker, "Fetch");
  const request = encodeFetch(version, [{ ...partition, leaderEpoch: -1, fetchOffset }], limits);
  const frame = await broker.connection.send(request);
  const [fetched] = decodeFetch(version, frame).partitions;
  if (fetched?.errorCode !== 0) return fetched?.errorCode ?? -1;
  const batches: Uint8Array[] = [];
  for (let at = fetched.recordsStart; at + 12 < fetched.recordsEnd;) {
    const size = 12 + frame.view.getInt32(at + 8);
    if (at + size > fetched.recordsEnd) break;
    batches.push(frame.bytes.slice(at, at + size));
    at += size;
  }
  return batches;
}

function nth(brokers: readonly BrokerConnection[], tries: number): BrokerConnection {
  const broker = brokers[tries % brokers.length];
  if (broker === undefined) throw new Error("Cannot ask a broker: no address was given");
  return broker;
}

/** Connects to all the brokers of a list, since each leads some partitions. */
async function connected<Result>(
  addresses: string,
  use: (brokers: readonly BrokerConnection[]) => Promise<Result>,
): Promise<Result> {
  const brokers = await Promise.all(
    addresses.split(",").map((address) => {
      const separator = address.lastIndexOf(":");
      const advertised = {
        host: address.slice(0, separator),
        port: Number(address.slice(separator + 1)),
      };
      return connectToBroker(
        { bootstrapServers: [advertised], addresses: new Map() },
        "source",
        advertised,
      );
    }),
  );
  try {
    return await use(brokers);
  } finally {
    for (const { connection } of brokers) connection.close();
  }
}
