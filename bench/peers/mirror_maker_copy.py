"""A peer of the bench: MirrorMaker 2's source connector in a Kafka Connect worker, from start to finish.

Starts the worker, creates the connector stopped, sets the offsets it starts from, resumes it, and ends the worker when the
target's partitions have grown by what there was to copy. At least once, which is quicker than exactly once.
"""

import argparse
import json
import pathlib
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

arguments = argparse.ArgumentParser()
for name in ("source", "target", "topic", "codec", "class-path"):
    arguments.add_argument(f"--{name}", required=True)
arguments.add_argument("--ranges", required=True, help="partition:start:count,…")
options = arguments.parse_args()
ranges = [tuple(map(int, each.split(":"))) for each in options.ranges.split(",")]
expected = sum(count for _, _, count in ranges)

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
name = f"bench-{time.time_ns()}"
worker_properties = {
    "bootstrap.servers": options.target,
    "group.id": name,
    "key.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
    "value.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
    "listeners": f"http://127.0.0.1:{port}",
    "offset.flush.interval.ms": 5000,
    **{f"{kind}.storage.topic": f"{name}-{kind}" for kind in ("config", "offset", "status")},
    **{f"{kind}.storage.replication.factor": 1 for kind in ("config", "offset", "status")},
    **{f"{kind}.storage.partitions": 1 for kind in ("offset", "status")},
}
connector = {
    "connector.class": "org.apache.kafka.connect.mirror.MirrorSourceConnector",
    "source.cluster.alias": "source",
    "target.cluster.alias": "target",
    "source.cluster.bootstrap.servers": options.source,
    "target.cluster.bootstrap.servers": options.target,
    "replication.policy.class": "org.apache.kafka.connect.mirror.IdentityReplicationPolicy",
    "topics": re.escape(options.topic),
    "topics.exclude": "",
    "refresh.topics.enabled": "false",
    "sync.topic.configs.enabled": "false",
    "sync.topic.acls.enabled": "false",
    "emit.heartbeats.enabled": "false",
    "emit.checkpoints.enabled": "false",
    "emit.offset-syncs.enabled": "false",
    "consumer.auto.offset.reset": "earliest",
    "key.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
    "value.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
    "header.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
    "tasks.max": str(min(6, len(ranges))),
    "consumer.max.poll.records": "5000",
    "consumer.max.partition.fetch.bytes": str(8 * 2**20),
    "consumer.fetch.max.bytes": str(64 * 2**20),
    "producer.override.batch.size": str(512 * 1024),
    "producer.override.linger.ms": "10",
    "producer.override.buffer.memory": str(64 * 2**20),
    "producer.override.compression.type": options.codec,
}


def ask(method, path, body=None):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or "null")


def until(what, check):
    while True:
        if worker.poll() is not None:
            sys.exit(f"The worker has ended: {log.read_text()[-2000:]}")
        try:
            if check():
                return
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(0.1)


target = AdminClient({"bootstrap.servers": options.target})


def ends():
    asked = {TopicPartition(options.topic, number): OffsetSpec.latest() for number, _, _ in ranges}
    return sum(each.result().offset for each in target.list_offsets(asked).values())


before = ends()
properties = pathlib.Path("worker.properties")
properties.write_text("".join(f"{key}={value}\n" for key, value in worker_properties.items()))
log = pathlib.Path("worker.log")
worker = subprocess.Popen(
    [
        *("java", "-Xms256M", "-Xmx2G", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"),
        *("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", options.class_path),
        *("org.apache.kafka.connect.cli.ConnectDistributed", str(properties)),
    ],
    stdout=log.open("w"),
    stderr=subprocess.STDOUT,
)
try:
    until("the worker", lambda: ask("GET", "/health")["status"] == "healthy")
    ask("POST", "/connectors", {"name": name, "config": connector, "initial_state": "STOPPED"})
    state = lambda: ask("GET", f"/connectors/{name}/status")  # noqa: E731
    until("the connector", lambda: state()["connector"]["state"] == "STOPPED")
    # What is stored is the last offset read; nothing stored means the earliest.
    offsets = [
        {
            "partition": {"cluster": "source", "topic": options.topic, "partition": number},
            "offset": {"offset": start - 1},
        }
        for number, start, _ in ranges
        if start > 0
    ]
    if offsets:
        ask("PATCH", f"/connectors/{name}/offsets", {"offsets": offsets})
    ask("PUT", f"/connectors/{name}/resume")
    until("its tasks", lambda: state()["tasks"])
    until("the copy", lambda: ends() - before >= expected)
finally:
    worker.kill()
    worker.wait()
