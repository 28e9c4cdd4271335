"""A peer of the bench, the original way: one kafka-python consumer and producer, one partition after the other.

With --without-crc32c it does not find the C extension for checksums, as after a plain `pip install kafka-python`.
"""

import argparse
import sys

arguments = argparse.ArgumentParser()
for name in ("source", "target", "topic", "group", "codec"):
    arguments.add_argument(f"--{name}", required=True)
arguments.add_argument("--without-crc32c", action="store_true")
options = arguments.parse_args()
if options.without_crc32c:
    sys.modules["crc32c"] = None

from kafka import KafkaConsumer, KafkaProducer, TopicPartition  # noqa: E402

consumer = KafkaConsumer(
    bootstrap_servers=options.source,
    group_id=options.group,
    enable_auto_commit=False,
    max_partition_fetch_bytes=4 * 2**20,
    max_poll_records=5000,
)
producer = KafkaProducer(
    bootstrap_servers=options.target,
    acks="all",
    compression_type=None if options.codec == "none" else options.codec,
    batch_size=512 * 1024,
    linger_ms=20,
)
failures = []
partitions = sorted(consumer.partitions_for_topic(options.topic) or [])
for number in partitions:
    partition = TopicPartition(options.topic, number)
    consumer.assign([partition])
    position = consumer.committed(partition)
    end = consumer.end_offsets([partition])[partition]
    if position is None:
        sys.exit(f"Nothing is committed for {partition}")
    consumer.seek(partition, position)
    while position < end:
        for record in consumer.poll(timeout_ms=1000).get(partition, []):
            if record.offset >= end:
                break
            producer.send(
                options.topic,
                key=record.key,
                value=record.value,
                headers=record.headers,
                partition=number,
                timestamp_ms=record.timestamp,
            ).add_errback(failures.append)
        position = consumer.position(partition)
producer.flush()
producer.close()
consumer.close()
if failures:
    sys.exit(f"{len(failures)} messages were not stored: {failures[0]}")
