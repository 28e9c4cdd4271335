"""A peer of the bench: librdkafka through confluent-kafka, all partitions at once, tuned for throughput."""

import argparse
import sys

from confluent_kafka import Consumer, Producer, TopicPartition

arguments = argparse.ArgumentParser()
for name in ("source", "target", "topic", "group", "codec"):
    arguments.add_argument(f"--{name}", required=True)
options = arguments.parse_args()

consumer = Consumer({
    "bootstrap.servers": options.source,
    "group.id": options.group,
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "fetch.max.bytes": 32 * 2**20,
    "max.partition.fetch.bytes": 8 * 2**20,
    "queued.min.messages": 1_000_000,
    "queued.max.messages.kbytes": 128 * 1024,
})
producer = Producer({
    "bootstrap.servers": options.target,
    "acks": "all",
    "enable.idempotence": True,
    "compression.type": options.codec,
    "batch.size": 1_000_000,
    "batch.num.messages": 100_000,
    "linger.ms": 20,
    "queue.buffering.max.messages": 1_000_000,
    "queue.buffering.max.kbytes": 256 * 1024,
})
failures = []


def delivered(error, _):
    if error is not None:
        failures.append(error)


numbers = consumer.list_topics(options.topic).topics[options.topic].partitions
partitions = [TopicPartition(options.topic, number) for number in numbers]
starts = consumer.committed(partitions)
ends = {
    each.partition: consumer.get_watermark_offsets(each)[1] for each in partitions
}
waiting = {each.partition for each in starts if each.offset < ends[each.partition]}
consumer.assign([each for each in starts if each.partition in waiting])
while waiting:
    for message in consumer.consume(10_000, timeout=1):
        if message.error() is not None:
            sys.exit(str(message.error()))
        partition, offset = message.partition(), message.offset()
        if offset >= ends[partition]:
            continue
        while True:
            try:
                producer.produce(
                    options.topic,
                    message.value(),
                    message.key(),
                    partition,
                    timestamp=message.timestamp()[1],
                    headers=message.headers(),
                    on_delivery=delivered,
                )
                break
            except BufferError:
                producer.poll(0.1)
        if offset == ends[partition] - 1:
            waiting.discard(partition)
    producer.poll(0)
producer.flush()
consumer.close()
if failures:
    sys.exit(f"{len(failures)} messages were not stored: {failures[0]}")
