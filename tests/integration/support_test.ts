/**
 * What the other integration tests stand on: clusters that start, restart and leave nothing behind, the judge's
 * digests, the worked example's numbers, the misbehaving proxy. Refuses to test the program itself.
 */

import assert from "node:assert/strict";
import { certificatesOf, type KafkaOptions, startKafka } from "../support/kafka_cluster.ts";
import { knownBrokers } from "../support/kafka_metadata.ts";
import { type JudgedRecord, startJudge } from "../support/librdkafka.ts";
import { type Faults, startTcpProxy } from "../support/tcp_proxy.ts";
import {
  cutBatch,
  exampleMessages,
  examplePartitions,
  seedWorkedExample,
} from "../support/worked_example.ts";

const exists = async (path: string): Promise<boolean> => {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
};

/** Whether a process runs: one that has ended but was not yet waited for does not. */
const runs = async (pid: number): Promise<boolean> => {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return status !== "" && !/^State:\s+Z/m.test(status);
};

const directoryOf = (logDir: string): string => logDir.replace(/\/[^/]+$/, "");

async function eventually(condition: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!await condition()) {
    assert.ok(Date.now() < deadline, `waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// Others start wherever logs of every version are copied.
const clusters: readonly KafkaOptions[] = [{ version: "2.8.2" }, { version: "4.1.0", brokers: 3 }];

for (const options of clusters) {
  const title = `${options.brokers ?? 1} broker(s) of ${options.version}`;
  Deno.test(`startKafka() starts ${title}, which survive a kill, and leaves nothing behind`, async () => {
    const cluster = await startKafka(options);
    const [first] = cluster.brokers;
    assert.ok(first !== undefined);
    try {
      const addresses = cluster.brokers.map((broker) => broker.address);
      for (const address of addresses) {
        const known = (await knownBrokers(address)).map((broker) => broker.address);
        assert.deepEqual(known.toSorted(), addresses.toSorted());
      }
      await first.kill();
      await assert.rejects(knownBrokers(first.address));
      await first.restart();
      assert.ok((await knownBrokers(first.address)).some(({ nodeId }) => nodeId === first.nodeId));
    } finally {
      await cluster[Symbol.asyncDispose]();
    }
    for (const broker of cluster.brokers) assert.equal(await runs(broker.pid), false);
    assert.equal(await exists(directoryOf(first.logDir)), false);
  });
}

for (const signal of ["SIGKILL", "SIGINT", "SIGTERM"] as const) {
  Deno.test(`guarded processes and files go when Deno is ended by ${signal}`, async () => {
    const module = new URL("../support/process_guard.ts", import.meta.url).href;
    // A process group of its own: Ctrl-C reaches every process of the group, not Deno alone.
    await using deno = new Deno.Command("setsid", {
      args: [
        ...[Deno.execPath(), "eval", "--no-lock"],
        // A process that ends by itself when its files go (as a broker does) would hide a guard that doesn't kill.
        `import { guardedDirectory } from ${JSON.stringify(module)};
        const { directory, launch } = await guardedDirectory("data-migrate-guard-");
        const stubborn = "trap '' INT TERM HUP; while :; do sleep 1; done";
        const { pid } = launch("sh", ["-c", stubborn, directory], directory + "/log");
        console.log(JSON.stringify({ pid, directory }));
        setInterval(() => {}, 1000);`,
      ],
      stdout: "piped",
    }).spawn();
    let line = "";
    for await (const text of deno.stdout.pipeThrough(new TextDecoderStream())) {
      line += text;
      if (line.endsWith("\n")) break;
    }
    const { pid, directory } = JSON.parse(line);
    await eventually(() => exists(`${directory}/pids`), "the process to be known");
    assert.equal(await runs(pid), true);
    Deno.kill(-deno.pid, signal);
    await eventually(async () => !await runs(pid), "the process to end");
    await eventually(async () => !await exists(directory), "the files to go");
  });
}

Deno.test("startKafka() says in the broker's words why it doesn't start", async () => {
  const properties = { "log.retention.check.interval.ms": "soon" };
  await assert.rejects(startKafka({ properties }), /log\.retention\.check\.interval\.ms/);
});

Deno.test("every listener lets in whom it should and nobody else", async (t) => {
  const user = { username: "ckafka-1a2b#mover", password: 'p"a\\s s' };
  await using cluster = await startKafka({
    listeners: ["TLS", "MTLS", "SASL_PLAINTEXT", "SASL_TLS"],
    users: [user],
  });
  await using judge = await startJudge();
  await judge.createTopics(cluster.bootstrap, [{ name: "t" }]);
  const certificates = certificatesOf(cluster);

  const tls = { "security.protocol": "ssl", "ssl.ca.location": certificates.ca };
  const client = {
    "ssl.certificate.location": certificates.clientCertificate,
    "ssl.key.location": certificates.clientKeyEncrypted,
    "ssl.key.password": certificates.passphrase,
  };
  const sasl = (protocol: string, mechanism: string, password = user.password) => ({
    "security.protocol": protocol,
    "ssl.ca.location": certificates.ca,
    "sasl.mechanism": mechanism,
    "sasl.username": user.username,
    "sasl.password": password,
  });
  const good = [
    ["TLS", tls],
    ["MTLS", { ...tls, ...client }],
    ["SASL_PLAINTEXT", sasl("sasl_plaintext", "PLAIN")],
    ["SASL_PLAINTEXT", sasl("sasl_plaintext", "SCRAM-SHA-256")],
    ["SASL_TLS", sasl("sasl_ssl", "PLAIN")],
    ["SASL_TLS", sasl("sasl_ssl", "SCRAM-SHA-512")],
  ] as const;
  const bad = [
    ["TLS", { ...tls, "ssl.ca.location": certificates.clientCertificate }],
    ["MTLS", tls],
    ["SASL_PLAINTEXT", sasl("sasl_plaintext", "PLAIN", "wrong")],
    ["SASL_TLS", sasl("sasl_ssl", "SCRAM-SHA-512", "wrong")],
  ] as const;
  const produce = (listener: typeof good[number][0], properties: Record<string, string>) =>
    judge.produce(
      { "bootstrap.servers": cluster.bootstrapOf(listener), ...properties },
      { topic: "t", partition: 0, count: 1, properties: { "message.timeout.ms": "3000" } },
    );
  for (const [listener, properties] of good) {
    const mechanism = "sasl.mechanism" in properties ? properties["sasl.mechanism"] : "TLS";
    await t.step(`${listener} takes ${mechanism}`, async () => {
      assert.equal((await produce(listener, properties)).count, 1);
    });
  }
  await t.step("the wrong ones are refused", async () => {
    const results = await Promise.allSettled(bad.map(([name, bad]) => produce(name, bad)));
    assert.deepEqual(results.map(({ status }) => status), bad.map(() => "rejected"));
  });
});

Deno.test("the judge", async (t) => {
  await using cluster = await startKafka({ properties: { "log.retention.ms": "-1" } });
  await using judge = await startJudge();
  const source = cluster.bootstrap;
  await judge.createTopics(source, [{ name: "a" }, { name: "b", partitions: 2 }, { name: "tx" }]);

  await t.step("hands records over byte for byte", async () => {
    const base64 = (text: string): string => btoa(text);
    const records: readonly Required<JudgedRecord>[] = [
      { key: null, value: base64("no key"), headers: [], timestampMs: 1_000 },
      { key: base64(""), value: base64(""), headers: [], timestampMs: 2_000 },
      { key: base64("k"), value: null, headers: [], timestampMs: 1_500 },
      {
        key: base64("\x00\xff\x80"),
        value: base64("\xfe\x00"),
        headers: [["h", base64("\xff\x00")], ["h", base64("2")], ["n", null], ["e", base64("")]],
        timestampMs: 3_000,
      },
    ];
    const produced = await judge.produce(source, { topic: "a", partition: 0, records });
    assert.deepEqual(produced, { count: 4, firstOffset: 0n, lastOffset: 3n });
    const range = await judge.read(source, "a", 0, { records: 10 });
    assert.deepEqual(
      range.records,
      records.map((record, index) => ({
        ...record,
        offset: BigInt(index),
        timestampType: "CreateTime",
      })),
    );
  });

  await t.step("digests contents in order, not offsets, batches or codecs", async () => {
    const spec = { count: 500, timestampMs: 5_000, headers: "some", keys: "some" } as const;
    await judge.produce(source, { ...spec, topic: "b", partition: 0, codec: "zstd" });
    await judge.produce(source, { topic: "b", partition: 1, count: 17 });
    await judge.produce(source, {
      ...spec,
      topic: "b",
      partition: 1,
      codec: "gzip",
      properties: { "batch.num.messages": "7" },
    });
    const one = await judge.read(source, "b", 0);
    const other = await judge.read(source, "b", 1, { start: 17n });
    assert.equal(one.count, 500);
    assert.equal(other.digest, one.digest);
    assert.deepEqual([other.firstOffset, other.lastOffset], [17n, 516n]);
    const shorter = await judge.read(source, "b", 1, { start: 17n, end: 516n });
    assert.equal(shorter.count, 499);
    assert.notEqual(shorter.digest, one.digest);
  });

  await t.step("tells one changed value, key, header or timestamp", async () => {
    const record = {
      key: "aaaa",
      value: "bbbb",
      headers: [["h", "cccc"]],
      timestampMs: 9,
    } as const;
    const variants: readonly JudgedRecord[] = [
      record,
      { ...record, key: "aaab" },
      { ...record, value: "bbbc" },
      { ...record, headers: [["h", "cccd"]] },
      { ...record, headers: [["i", "cccc"]] },
      { ...record, headers: [["h", "cccc"], ["h", "dddd"]] },
      { ...record, headers: [["h", "dddd"], ["h", "cccc"]] },
      { ...record, headers: [["h", "dddd"], ["h", "dddd"]] },
      { ...record, timestampMs: 10 },
      { ...record, key: null },
      { ...record, key: "" },
    ];
    await judge.createTopics(source, [{ name: "variants" }]);
    await judge.produce(source, { topic: "variants", partition: 0, records: variants });
    const digestAt = async (offset: bigint, timestamps = true): Promise<string> => {
      const options = { start: offset, end: offset + 1n, timestamps };
      return (await judge.read(source, "variants", 0, options)).digest;
    };
    const digests = await Promise.all(variants.map((_, index) => digestAt(BigInt(index))));
    assert.equal(new Set(digests).size, variants.length);
    assert.equal(await digestAt(0n, false), await digestAt(8n, false));
  });

  await t.step("commits, aborts and leaves transactions open", async () => {
    const transactional = (id: string, outcome: "commit" | "abort" | "hang") =>
      judge.produce(source, { topic: "tx", partition: 0, count: 10, transaction: { id, outcome } });
    await transactional("one", "commit");
    await transactional("two", "abort");
    await transactional("three", "hang");
    // Ten records each, and a control record after each that ended.
    const open = { logStart: 0n, highWatermark: 32n, lastStable: 22n };
    assert.deepEqual(await judge.watermarks(source, "tx", 0), open);
    assert.equal((await judge.read(source, "tx", 0)).count, 10);
    assert.equal((await judge.read(source, "tx", 0, { isolation: "read_uncommitted" })).count, 30);
    await judge.endTransaction("three", "commit");
    await eventually(
      async () => (await judge.watermarks(source, "tx", 0)).lastStable === 33n,
      "the last stable offset",
    );
    assert.equal((await judge.read(source, "tx", 0)).count, 20);
  });

  await t.step("moves group offsets, log start offsets and topics", async () => {
    const offsets = [{ topic: "a", partition: 0, offset: 2n, metadata: "note" }];
    for (const joined of [false, true]) {
      await judge.commitOffsets(source, `group-${joined}`, offsets, { joined });
      assert.deepEqual(await judge.committedOffsets(source, `group-${joined}`), offsets);
    }
    await judge.deleteRecords(source, "b", 0, 400n);
    assert.equal((await judge.watermarks(source, "b", 0)).logStart, 400n);
    assert.equal((await judge.read(source, "b", 0)).count, 100);
    await judge.alterTopicConfigs(source, "b", { "retention.ms": "3600000" });
    await eventually(
      async () => (await judge.watermarks(source, "b", 0)).logStart === 500n,
      "old records to expire",
    );
    await judge.deleteTopics(source, ["b"]);
    await assert.rejects(judge.read(source, "b", 0, { start: 0n }), /No partition 0 of b/);
  });
});

Deno.test("seedWorkedExample() seeds the numbers of the example", async () => {
  const [source, target] = await Promise.all([startKafka(), startKafka()]);
  await using _source = source;
  await using _target = target;
  await using judge = await startJudge();
  await seedWorkedExample(source.bootstrap, target.bootstrap, judge);

  const groups = ["test123-group", "test34-group"];
  const committed = await Promise.all(
    groups.map((group) => judge.committedOffsets(source.bootstrap, group)),
  );
  for (const expected of examplePartitions) {
    const { topic, partition, logStart, end } = expected;
    const where = `${topic}, partition ${partition}`;
    const seeded = await judge.watermarks(source.bootstrap, topic, partition);
    assert.deepEqual(seeded, { logStart, highWatermark: end, lastStable: end }, where);
    const onTarget = await judge.watermarks(target.bootstrap, topic, partition);
    assert.equal(onTarget.highWatermark, 0n, where);
    const offsets = groups.flatMap((group, index) =>
      (committed[index] ?? []).filter((one) => one.topic === topic && one.partition === partition)
        .map(({ offset }) => [group, offset])
    );
    assert.deepEqual(Object.fromEntries(offsets), expected.committed, where);
    const smallest = Object.values(expected.committed).reduce((a, b) => a < b ? a : b);
    assert.equal(expected.start, smallest > logStart ? smallest : logStart, where);
    assert.equal(expected.expired, smallest < logStart, where);
  }
  assert.equal(exampleMessages("test3"), 76_522n);
  const { count } = await judge.read(source.bootstrap, "test3", 0, { start: 187_800n });
  assert.equal(count, 76_522);

  const [broker] = source.brokers;
  const segment = await Deno.readFile(`${broker?.logDir}/test3-0/${"0".repeat(20)}.log`);
  assert.ok(
    batchesOf(segment).some(([first, last]) => first === cutBatch.first && last === cutBatch.last),
    "no batch that the start offset cuts through",
  );
});

/** First and last offset of each batch of a log segment. */
function batchesOf(segment: Uint8Array): readonly (readonly [bigint, bigint])[] {
  const view = new DataView(segment.buffer);
  const batches: [bigint, bigint][] = [];
  // Preallocated segments end in zeros.
  for (let at = 0; at + 61 <= segment.length && view.getInt32(at + 8) > 0;) {
    const baseOffset = view.getBigInt64(at);
    batches.push([baseOffset, baseOffset + BigInt(view.getInt32(at + 23))]);
    at += 12 + view.getInt32(at + 8);
  }
  return batches;
}

Deno.test("startTcpProxy() misbehaves as told", async (t) => {
  await using echo = startEcho();
  const sent = new Uint8Array([1, 2, 3]);
  const within = async (ms: number, connection: Deno.Conn): Promise<Uint8Array | "nothing"> => {
    let timer = 0;
    const late = new Promise<"nothing">((resolve) => {
      timer = setTimeout(() => resolve("nothing"), ms);
    });
    const buffer = new Uint8Array(3);
    const reading = connection.read(buffer).then((size) => buffer.subarray(0, size ?? 0));
    reading.catch(() => {});
    const result = await Promise.race([reading, late]);
    clearTimeout(timer);
    return result;
  };
  const cases: readonly {
    readonly title: string;
    readonly faults: Faults;
    readonly arrives: Uint8Array | "nothing";
  }[] = [
    { title: "forwards both ways", faults: {}, arrives: sent },
    {
      title: "flips a bit on the way back",
      faults: {
        onBytes: (direction, bytes) =>
          direction === "toClient"
            ? bytes.map((byte, index) => index === 1 ? byte ^ 8 : byte)
            : bytes,
      },
      arrives: new Uint8Array([1, 10, 3]),
    },
    {
      title: "drops responses",
      faults: { onBytes: (direction, bytes) => direction === "toClient" ? undefined : bytes },
      arrives: "nothing",
    },
    { title: "falls silent", faults: { silent: ["toServer"] }, arrives: "nothing" },
    { title: "delays", faults: { delayMs: { toServer: 10_000 } }, arrives: "nothing" },
    { title: "refuses", faults: { refuse: true }, arrives: new Uint8Array(0) },
  ];
  for (const { title, faults, arrives } of cases) {
    await t.step(title, async () => {
      await using proxy = startTcpProxy(echo.address, faults);
      using connection = await connectTo(proxy.address);
      await connection.write(sent);
      assert.deepEqual(await within(300, connection), arrives);
    });
  }
  await t.step("hands over what it held when the silence ends, later by the delay", async () => {
    await using proxy = startTcpProxy(echo.address, { silent: ["toClient"] });
    using connection = await connectTo(proxy.address);
    await connection.write(sent);
    const reading = within(5_000, connection);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(proxy.forwarded.toServer, 3);
    assert.equal(proxy.forwarded.toClient, 0);
    proxy.setFaults({ delayMs: { toServer: 100, toClient: 100 } });
    assert.deepEqual(await reading, sent);
    const start = Date.now();
    await connection.write(sent);
    assert.deepEqual(await within(5_000, connection), sent);
    assert.ok(Date.now() - start >= 195);
  });
  await t.step("cuts what is open and takes new connections", async () => {
    await using proxy = startTcpProxy(echo.address);
    using before = await connectTo(proxy.address);
    await before.write(sent);
    assert.deepEqual(await within(1_000, before), sent);
    proxy.cut();
    const afterCut = await within(1_000, before).catch(() => new Uint8Array(0));
    assert.deepEqual(afterCut, new Uint8Array(0));
    using after = await connectTo(proxy.address);
    await after.write(sent);
    assert.deepEqual(await within(1_000, after), sent);
    assert.equal(proxy.accepted, 2);
  });
});

const connectTo = (address: string): Promise<Deno.TcpConn> =>
  Deno.connect({ hostname: "127.0.0.1", port: Number(address.split(":")[1]) });

function startEcho(): AsyncDisposable & { readonly address: string } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const connection of listener) {
      serving.push(connection.readable.pipeTo(connection.writable).catch(() => {}));
    }
  })();
  return {
    address: `127.0.0.1:${listener.addr.port}`,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      await accepting;
      await Promise.all(serving);
    },
  };
}
