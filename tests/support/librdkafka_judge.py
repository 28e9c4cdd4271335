"""The independent judge: librdkafka (through confluent-kafka) fills test clusters and reads them back.

Speaks JSON lines: {"id", "method", "params"} on stdin, {"id", "result" | "error"} on stdout, in any order. Offsets are
plain numbers here. Ends with its stdin, even in the middle of a call. Refuses to know anything of data-migrate: what it
reads back is only counted, hashed or handed over.
"""

import base64
import concurrent.futures
import hashlib
import json
import os
import signal
import socket
import struct
import sys
import threading
import time

from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

PATIENCE = 60  # seconds for anything a healthy cluster does
CONTROLLER_PATIENCE = 10  # seconds for the broker that is said to be the controller
COORDINATOR_PATIENCE = 10  # seconds for the one that is said to be a group's coordinator
hanging_producers = {}
idempotence_known = {}  # by bootstrap servers
INIT_PRODUCER_ID = 22
members = {}
COORDINATOR_NOT_READY = (
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
)
# A coordinator may not know yet of a topic that was only just created.
COMMIT_TOO_EARLY = (*COORDINATOR_NOT_READY, KafkaError.UNKNOWN_TOPIC_OR_PART)


# A starved broker may drop a connection before it has answered.
UNANSWERED = (KafkaError._TRANSPORT, KafkaError._TIMED_OUT, KafkaError.REQUEST_TIMED_OUT)


def client(cluster, **more):
    return {"log_level": 2, **cluster, **more}


def admin(cluster):
    """Keep it in a variable until its futures are done: they never are once it has been collected."""
    return AdminClient(client(cluster))


def wait_all(futures):
    for future in futures.values():
        future.result(PATIENCE)


def until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {PATIENCE} s in vain: {what}")
        time.sleep(0.05)


def until_answered(cluster, ask, done, what):
    """
    Asks again where no answer came, and with a new client: one that was told of a controller that has gone waits for
    it in vain. `done`: the error that tells that an earlier request came through all the same, if there is one.
    """
    asked_before = False

    def answered():
        nonlocal asked_before
        it = admin(cluster)
        try:
            wait_all(ask(it))
        except KafkaException as error:
            code = error.args[0].code()
            if code in UNANSWERED:
                asked_before = True
                return False
            if code != done or not asked_before:
                raise
        return True

    until(answered, what)


def create_topics(cluster, topics):
    for topic in topics:
        request = NewTopic(
            topic["name"],
            num_partitions=topic.get("partitions", 1),
            replication_factor=topic.get("replicationFactor", 1),
            config=topic.get("configs", {}),
        )
        until_answered(
            cluster,
            lambda it: it.create_topics([request], request_timeout=CONTROLLER_PATIENCE),
            KafkaError.TOPIC_ALREADY_EXISTS,
            f"{topic['name']} to be created",
        )
    it = admin(cluster)

    def led(topic):
        known = it.list_topics(topic["name"], timeout=PATIENCE).topics[topic["name"]]
        partitions = known.partitions.values()
        return len(partitions) == topic.get("partitions", 1) and all(p.leader >= 0 for p in partitions)

    for topic in topics:
        until(lambda: led(topic), f"leaders of {topic['name']}")


def until_in_sync(cluster, topic):
    it = admin(cluster)

    def in_sync():
        partitions = it.list_topics(topic, timeout=PATIENCE).topics[topic].partitions.values()
        return all(p.leader >= 0 and set(p.isrs) == set(p.replicas) for p in partitions)

    until(in_sync, f"the replicas of {topic} to be in sync")


def describe_topic(cluster, topic):
    """None where there is no such topic: asking for all of them creates none."""
    it = admin(cluster)
    known = it.list_topics(timeout=PATIENCE).topics.get(topic)
    if known is None:
        return None
    resource = ConfigResource(ResourceType.TOPIC, topic)
    entries = it.describe_configs([resource])[resource].result(PATIENCE)
    return {
        "partitions": len(known.partitions),
        "replicationFactor": max(len(p.replicas) for p in known.partitions.values()),
        "configs": {
            name: entry.value
            for name, entry in entries.items()
            if entry.source == ConfigSource.DYNAMIC_TOPIC_CONFIG.value
            # Brokers before 1.1 tell only whether a setting is the default.
            or (entry.source == ConfigSource.UNKNOWN_CONFIG.value and not entry.is_default)
        },
    }


def topics_and_groups(cluster):
    """All topics, the internal ones too, and all groups: asking for all of them creates none."""
    it = admin(cluster)
    topics = {
        name: sorted([p.id, sorted(p.replicas)] for p in topic.partitions.values())
        for name, topic in it.list_topics(timeout=PATIENCE).topics.items()
    }
    listed = it.list_consumer_groups().result(PATIENCE)
    if listed.errors:
        raise listed.errors[0]
    return {"topics": topics, "groups": sorted(group.group_id for group in listed.valid)}


def delete_topics(cluster, topics):
    for topic in topics:
        until_answered(
            cluster,
            lambda it: it.delete_topics([topic], request_timeout=CONTROLLER_PATIENCE),
            KafkaError.UNKNOWN_TOPIC_OR_PART,
            f"{topic} to be deleted",
        )
    it = admin(cluster)
    until(lambda: not set(topics) & set(it.list_topics(timeout=PATIENCE).topics), "topics to go")


def create_partitions(cluster, topic, partitions):
    until_answered(
        cluster,
        lambda it: it.create_partitions(
            [NewPartitions(topic, partitions)], request_timeout=CONTROLLER_PATIENCE
        ),
        KafkaError.INVALID_PARTITIONS,
        f"{topic} to have {partitions} partitions",
    )


def alter_topic_configs(cluster, topic, configs):
    entries = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        for name, value in configs.items()
    ]
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
    until_answered(
        cluster,
        lambda it: it.incremental_alter_configs([resource], request_timeout=CONTROLLER_PATIENCE),
        None,
        f"{topic} to be configured",
    )


def delete_records(cluster, topic, partition, before):
    it = admin(cluster)
    wait_all(it.delete_records([TopicPartition(topic, partition, before)]))


def from_base64(text):
    return None if text is None else base64.b64decode(text)


def to_base64(data):
    return None if data is None else base64.b64encode(data).decode()


def invented_records(spec):
    """Deterministic contents: the same spec gives the same records, whatever the cluster."""
    seed, size = spec.get("seed", 0), spec.get("valueBytes", 100)
    if spec.get("compressible", True):
        filler = b"the quick brown fox jumps over the lazy dog. " * (size // 45 + 1)
    else:
        filler = b"".join(
            hashlib.sha256(b"%d/%d" % (seed, i)).digest() for i in range(size // 32 + 1)
        )
    keys, headers, values = spec.get("keys", "all"), spec.get("headers", "none"), spec.get("values", "all")
    odd_headers = [("trace", b"\x00\xff\x80"), ("trace", b"again"), ("none", None), ("empty", b"")]
    start, step = spec.get("timestampMs"), spec.get("timestampStepMs", 1)
    for i in range(spec["count"]):
        # Each "some" has a period of its own, so that all combinations come up.
        key = None if keys == "none" or (keys == "some" and i % 3 == 0) else b"key-%d" % (i % 1000)
        value = None if values == "some" and i % 7 == 3 else (b"%d:%d:" % (seed, i) + filler)[:size]
        with_headers = headers == "all" or (headers == "some" and i % 5 == 1)
        yield key, value, odd_headers if with_headers else None, None if start is None else start + i * step


def given_records(spec):
    for record in spec["records"]:
        headers = [(name, from_base64(value)) for name, value in record.get("headers", [])]
        yield from_base64(record["key"]), from_base64(record["value"]), headers or None, record.get("timestampMs")


def read_exactly(connection, size):
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise ConnectionError("The broker closed the connection")
        data += part
    return data


def knows_idempotence(cluster):
    """Brokers before 0.11 don't, and librdkafka finds that out too late to produce all the same."""
    where = cluster["bootstrap.servers"]
    if where not in idempotence_known:
        host, port = where.split(",")[0].rsplit(":", 1)
        if cluster.get("security.protocol", "PLAINTEXT") != "PLAINTEXT":
            return True
        with socket.create_connection((host, int(port)), PATIENCE) as connection:
            # ApiVersions 0, without a client id.
            request = struct.pack(">hhih", 18, 0, 1, -1)
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = read_exactly(connection, struct.unpack(">i", read_exactly(connection, 4))[0])
        keys = [struct.unpack_from(">h", answer, at)[0] for at in range(10, len(answer) - 5, 6)]
        idempotence_known[where] = INIT_PRODUCER_ID in keys
    return idempotence_known[where]


def produce(cluster, spec):
    transaction = spec.get("transaction")
    settings = {
        "enable.idempotence": "true" if knows_idempotence(cluster) else "false",
        "linger.ms": "20",
        "queue.buffering.max.messages": "1000000",
        "compression.type": spec.get("codec", "none"),
        **({"transactional.id": transaction["id"]} if transaction else {}),
        **spec.get("properties", {}),
    }
    producer = Producer(client(cluster, **settings))
    offsets, failures = [], []

    def delivered(error, message):
        if error is None:
            offsets.append(message.offset())
        else:
            failures.append(error.str())

    if transaction:
        producer.init_transactions(PATIENCE)
        producer.begin_transaction()
    topic, partition = spec["topic"], spec["partition"]
    for key, value, headers, timestamp in given_records(spec) if "records" in spec else invented_records(spec):
        arguments = {"key": key, "partition": partition, "on_delivery": delivered}
        if headers:
            arguments["headers"] = headers
        if timestamp is not None:
            arguments["timestamp"] = timestamp
        while True:
            try:
                producer.produce(topic, value, **arguments)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(spec.get("paceMs", 0) / 1000)
    left = producer.flush(PATIENCE)
    if failures or left:
        raise RuntimeError(f"{len(failures)} not delivered, {left} left: {failures[:1]}")
    if transaction and transaction["outcome"] == "commit":
        producer.commit_transaction(PATIENCE)
    elif transaction and transaction["outcome"] == "abort":
        producer.abort_transaction(PATIENCE)
    elif transaction:
        hanging_producers[transaction["id"]] = producer
    return {
        "count": len(offsets),
        "firstOffset": min(offsets, default=-1),
        "lastOffset": max(offsets, default=-1),
    }


def end_transaction(id, outcome):
    producer = hanging_producers.pop(id)
    (producer.commit_transaction if outcome == "commit" else producer.abort_transaction)(PATIENCE)


def partitions_of(offsets):
    return [
        TopicPartition(o["topic"], o["partition"], o["offset"], **{
            name: o[name] for name in ("metadata",) if name in o
        })
        for o in offsets
    ]


def commit_offsets(cluster, group, offsets, joined=False):
    if not joined:
        # What kafka-consumer-groups --reset-offsets does: the group keeps an empty protocol type.
        it = admin(cluster)

        def committed():
            nonlocal it
            request = [ConsumerGroupTopicPartitions(group, partitions_of(offsets))]
            try:
                answer = it.alter_consumer_group_offsets(request)[group].result(COORDINATOR_PATIENCE)
            except TimeoutError:
                it = admin(cluster)
                return False
            # What went wrong stands on each partition only; the first groups of a cluster meet no coordinator.
            errors = [p.error for p in answer.topic_partitions if p.error]
            if any(error.code() not in COMMIT_TOO_EARLY for error in errors):
                raise KafkaException(errors[0])
            return not errors

        until(committed, f"the coordinator of {group}")
        return
    consumer = Consumer(client(cluster, **{
        "group.id": group,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
    }))
    try:
        consumer.subscribe(sorted({o["topic"] for o in offsets}))

        def assigned():
            consumer.poll(0.05)
            return len(consumer.assignment()) > 0

        until(assigned, f"{group} to join")
        results = consumer.commit(offsets=partitions_of(offsets), asynchronous=False)
        for result in results:
            if result.error:
                raise KafkaException(result.error)
    finally:
        consumer.close()


def join_group(cluster, group, topic, protocol="classic"):
    """Stays a member, reading nothing, until leave_group."""
    consumer = Consumer(client(cluster, **{
        "group.id": group,
        "group.protocol": protocol,
        "enable.auto.commit": False,
        "auto.offset.reset": "latest",
    }))
    members[group] = consumer
    consumer.subscribe([topic])

    def assigned():
        consumer.poll(0.05)
        return len(consumer.assignment()) > 0

    until(assigned, f"{group} to join")


def leave_group(group):
    members.pop(group).close()


def committed_offsets(cluster, group):
    it = admin(cluster)
    futures = it.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])
    return [
        {
            "topic": p.topic,
            "partition": p.partition,
            "offset": p.offset,
            **({"metadata": p.metadata} if p.metadata else {}),
        }
        for p in futures[group].result(PATIENCE).topic_partitions
        if p.offset >= 0
    ]


def watermarks(cluster, topic, partition):
    it, where = admin(cluster), TopicPartition(topic, partition)

    def offset(spec, isolation):
        futures = it.list_offsets({where: spec}, isolation_level=isolation)
        return futures[where].result(PATIENCE).offset

    return {
        "logStart": offset(OffsetSpec.earliest(), IsolationLevel.READ_UNCOMMITTED),
        "highWatermark": offset(OffsetSpec.latest(), IsolationLevel.READ_UNCOMMITTED),
        "lastStable": offset(OffsetSpec.latest(), IsolationLevel.READ_COMMITTED),
    }


def packed(data):
    return b"\xff\xff\xff\xff" if data is None else struct.pack(">I", len(data)) + data


def content(message, with_timestamps):
    """Everything a record says apart from its offset, with lengths before it, so that nothing can blur."""
    headers = message.headers() or []
    parts = [packed(message.key()), packed(message.value()), struct.pack(">I", len(headers))]
    for name, value in headers:
        parts += [packed(name.encode()), packed(value)]
    if with_timestamps:
        parts.append(struct.pack(">Bq", *message.timestamp()))
    return b"".join(parts)


def described(message):
    kind, timestamp = message.timestamp()
    return {
        "offset": message.offset(),
        "key": to_base64(message.key()),
        "value": to_base64(message.value()),
        "headers": [[name, to_base64(value)] for name, value in message.headers() or []],
        "timestampMs": timestamp,
        "timestampType": {1: "CreateTime", 2: "LogAppendTime"}.get(kind, "none"),
    }


def read(cluster, topic, partition, start=None, end=None, records=0, timestamps=True, isolation="read_committed"):
    """Reads [start, end) in order; without an end, to what is there now."""
    consumer = Consumer(client(cluster, **{
        "group.id": "judge",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "error",
        "isolation.level": isolation,
        "check.crcs": True,
        "fetch.wait.max.ms": 50,
    }))
    digest, count, first, last, samples = hashlib.sha256(), 0, None, None, []
    try:
        # Reading what isn't there would only be silent.
        if partition not in consumer.list_topics(topic, PATIENCE).topics[topic].partitions:
            raise ValueError(f"No partition {partition} of {topic}")
        if start is None:
            start = consumer.get_watermark_offsets(TopicPartition(topic, partition), PATIENCE)[0]
        consumer.assign([TopicPartition(topic, partition, start)])
        quiet_since = time.monotonic()
        done = end is not None and start >= end
        while not done:
            messages = consumer.consume(1000, 0.02)
            if messages:
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > PATIENCE:
                raise TimeoutError(f"Nothing arrives from {topic}/{partition} after offset {last}")
            for message in messages:
                if message.error():
                    if message.error().code() != KafkaError._PARTITION_EOF:
                        raise KafkaException(message.error())
                    done = True
                    break
                offset = message.offset()
                if end is not None and offset >= end:
                    done = True
                    break
                if last is not None and offset <= last:
                    raise RuntimeError(f"Offset {offset} after {last}")
                digest.update(content(message, timestamps))
                if len(samples) < records:
                    samples.append(described(message))
                first = offset if first is None else first
                last, count = offset, count + 1
                if end is not None and offset == end - 1:
                    done = True
                    break
    finally:
        consumer.close()
    return {
        "count": count,
        "digest": digest.hexdigest(),
        "firstOffset": first,
        "lastOffset": last,
        "records": samples,
    }


def consume_group(cluster, group, topics, reset="error", timestamps=True):
    """Joins the group, reads all of its partitions from where it stands to their ends, and leaves; commits nothing."""
    consumer = Consumer(client(cluster, **{
        "group.id": group,
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "auto.offset.reset": reset,
        "isolation.level": "read_committed",
        "check.crcs": True,
        "fetch.wait.max.ms": 50,
    }))
    try:
        known = consumer.list_topics(timeout=PATIENCE).topics
        waiting = {(topic, partition) for topic in topics for partition in known[topic].partitions}
        found = {each: {"count": 0, "digest": hashlib.sha256(), "offsets": []} for each in waiting}
        consumer.subscribe(topics)
        quiet_since = time.monotonic()
        while waiting:
            messages = consumer.consume(1000, 0.02)
            if messages:
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > PATIENCE:
                raise TimeoutError(f"Nothing arrives for {group} from {sorted(waiting)}")
            for message in messages:
                where = (message.topic(), message.partition())
                if message.error():
                    if message.error().code() != KafkaError._PARTITION_EOF:
                        raise KafkaException(message.error())
                    waiting.discard(where)
                    continue
                read_there = found[where]
                read_there["count"] += 1
                read_there["digest"].update(content(message, timestamps))
                read_there["offsets"].append(message.offset())
    finally:
        consumer.close()
    return [
        {
            "topic": topic,
            "partition": partition,
            "count": each["count"],
            "digest": each["digest"].hexdigest(),
            "firstOffset": min(each["offsets"], default=None),
            "lastOffset": max(each["offsets"], default=None),
        }
        for (topic, partition), each in sorted(found.items())
    ]


METHODS = {
    "createTopics": create_topics,
    "deleteTopics": delete_topics,
    "describeTopic": describe_topic,
    "untilInSync": until_in_sync,
    "topicsAndGroups": topics_and_groups,
    "createPartitions": create_partitions,
    "alterTopicConfigs": alter_topic_configs,
    "deleteRecords": delete_records,
    "produce": produce,
    "endTransaction": end_transaction,
    "commitOffsets": commit_offsets,
    "joinGroup": join_group,
    "leaveGroup": leave_group,
    "committedOffsets": committed_offsets,
    "watermarks": watermarks,
    "read": read,
    "consumeGroup": consume_group,
}

output_lock = threading.Lock()


# What does no harm when it is done twice, and may meet a broker that is still settling.
REPEATABLE = ("commitOffsets", "committedOffsets", "deleteRecords", "watermarks")
SETTLING = (
    *UNANSWERED,
    *COORDINATOR_NOT_READY,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
)


def call(method, params):
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return METHODS[method](**params)
        except KafkaException as error:
            settling = method in REPEATABLE and error.args[0].code() in SETTLING
            if not settling or time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def answer(request):
    try:
        reply = {"result": call(request["method"], request["params"])}
    except BaseException as error:
        reply = {"error": f"{request['method']}: {type(error).__name__}: {error}"}
    with output_lock:
        print(json.dumps({"id": request["id"], **reply}), flush=True)


if __name__ == "__main__":
    # Ctrl-C goes to the whole process group; the end of stdin says the same in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pool = concurrent.futures.ThreadPoolExecutor(8)
    for line in sys.stdin:
        pool.submit(answer, json.loads(line))
    # A call may still wait for a broker that will never answer.
    os._exit(0)
