// A peer of the bench: plain kafkajs under Node, eachBatch into sendBatch, with native codecs. At least once.
import { parseArgs } from "node:util";
import zstd from "@toondepauw/node-zstd";
import kafkajs from "kafkajs";
import lz4 from "lz4-napi";

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs;
const string = { type: "string" };
const { values: options } = parseArgs({
  options: { source: string, target: string, topic: string, group: string, codec: string },
});
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: ({ buffer }) => lz4.compressFrame(buffer),
  decompress: (buffer) => lz4.decompressFrame(buffer),
});
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: ({ buffer }) => new zstd.Encoder(3).encode(buffer),
  decompress: (buffer) => new zstd.Decoder().decode(buffer),
});
const compression = {
  none: CompressionTypes.None,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
}[options.codec];

const client = (brokers) =>
  new Kafka({ clientId: "bench", brokers: [brokers], logLevel: logLevel.ERROR });
const source = client(options.source);
const { topic, group: groupId } = options;
const admin = source.admin();
await admin.connect();
const ends = new Map(
  (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, BigInt(high)]),
);
const committed = await admin.fetchOffsets({ groupId, topics: [topic] });
await admin.disconnect();
const waiting = new Set(
  committed[0].partitions.filter(({ partition, offset }) => BigInt(offset) < ends.get(partition))
    .map(({ partition }) => partition),
);
const producer = client(options.target).producer();
await producer.connect();
const consumer = source.consumer({
  groupId,
  // What is fetched at once is produced as one batch, which brokers take up to 1 MB.
  maxBytesPerPartition: 900_000,
  maxBytes: 32 * 2 ** 20,
});
await consumer.connect();
await consumer.subscribe({ topic });
const done = {};
done.promise = new Promise((resolve, reject) => Object.assign(done, { resolve, reject }));
if (waiting.size === 0) done.resolve();
consumer.on(consumer.events.CRASH, ({ payload }) => done.reject(payload.error));
await consumer.run({
  autoCommit: false,
  partitionsConsumedConcurrently: 6,
  async eachBatch({ batch }) {
    const { partition } = batch;
    const end = ends.get(partition);
    const messages = batch.messages.filter(({ offset }) => BigInt(offset) < end)
      .map(({ key, value, headers, timestamp }) => ({ key, value, headers, timestamp, partition }));
    if (messages.length > 0) {
      await producer.sendBatch({ topicMessages: [{ topic, messages }], acks: -1, compression });
    }
    if (BigInt(batch.lastOffset()) >= end - 1n) waiting.delete(partition);
    if (waiting.size === 0) done.resolve();
  },
});
await done.promise;
await Promise.all([consumer.disconnect(), producer.disconnect()]);
