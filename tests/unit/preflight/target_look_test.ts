/** target_look.ts, over snapshot.ts: what was looked at ahead is used, hurts nobody, and ends when nobody wants it. */

import assert from "node:assert/strict";
import type { Cluster } from "../../../lib/kafka/cluster.ts";
import { snapshotTopics } from "../../../lib/preflight/snapshot.ts";
import { createTargetLook } from "../../../lib/preflight/target_look.ts";
import type { RequestFrame } from "../../../lib/protocol/frame.ts";
import { ConnectionError } from "../../../lib/wire/connection_error.ts";
import { ProtocolWriter } from "../../../lib/protocol/protocol_writer.ts";

const [LIST_OFFSETS, DESCRIBE_CONFIGS] = [2, 32];
const NOT_LEADER = 6;
const address = { advertised: "b1:1", dialled: "b1:1" };
const silent = new ConnectionError("silent", address, "no answer");
const never = new AbortController().signal;
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface FakeTarget {
  readonly cluster: Cluster;
  /** The topics of each question about metadata. */
  readonly asked: (readonly string[])[];
  /** Waits until nothing is being answered: what was begun may still ask on from what it has. */
  quiet(): Promise<void>;
}

/** A target whose topics have one partition; its cluster's id tells how often it was asked. */
function fakeTarget(
  { offsetsError = 0, more = {} }: {
    readonly offsetsError?: number;
    readonly more?: Partial<Cluster>;
  } = {},
): FakeTarget {
  const asked: (readonly string[])[] = [];
  let answering = 0;
  async function takeTime(): Promise<void> {
    answering++;
    await wait(1);
    answering--;
  }
  async function quiet(): Promise<void> {
    do await wait(5); while (answering > 0);
  }
  function answer({ apiKey }: RequestFrame): Uint8Array {
    const writer = new ProtocolWriter().int32(0);
    if (apiKey === DESCRIBE_CONFIGS) return writer.int32(0).bytes.slice();
    writer.array(
      [...new Set(asked.flat())],
      (topic) => writer.string(topic).int32(1).int32(0).int16(offsetsError).int64(-1n).int64(7n),
    );
    return writer.bytes.slice();
  }
  const broker = {
    connection: {
      address,
      closed: false,
      async send(frame: RequestFrame) {
        await takeTime();
        const bytes = answer(frame);
        const view = new DataView(bytes.buffer);
        return { bytes, view, start: 0, end: bytes.length, release() {} };
      },
    },
    versions: new Map([[LIST_OFFSETS, { min: 3, max: 3 }], [DESCRIBE_CONFIGS, { min: 2, max: 2 }]]),
  };
  const cluster = {
    role: "target",
    brokers: () => new Map([[1, { host: "b1", port: 1 }]]),
    control: () => Promise.resolve(broker),
    anyControl: () => Promise.resolve(broker),
    async metadata(names: readonly string[]) {
      asked.push(names);
      const clusterId = `asked ${asked.length}`;
      await takeTime();
      return {
        clusterId,
        brokers: [],
        topics: names.map((topic) => ({
          ...{ topic, errorCode: 0, internal: false },
          partitions: [{ partition: 0, errorCode: 0, leader: 1, leaderEpoch: 0, replicas: 1 }],
        })),
      };
    },
    ...more,
  };
  return { cluster: cluster as unknown as Cluster, asked, quiet };
}

Deno.test("what was looked at ahead is taken, of the topics that are wanted", async () => {
  const { cluster, asked } = fakeTarget();
  using look = createTargetLook(cluster, never);
  look.begin(["a", "b", "a"]);
  const seen = await look.at(["b"]);
  assert.ok("value" in seen);
  assert.deepEqual([...seen.value.topics.keys()], ["b"]);
  assert.equal(seen.value.topics.get("b")?.partitions[0]?.offsets?.highWatermark, 7n);
  assert.deepEqual(asked, [["a", "b"]]);
});

Deno.test("where more is wanted than was looked at ahead, or nothing was, it is looked at then", async () => {
  const { cluster, asked } = fakeTarget();
  using look = createTargetLook(cluster, never);
  const first = await look.at(["a"]);
  look.begin(["a"]);
  const more = await look.at(["a", "b"]);
  assert.ok("value" in first && "value" in more);
  assert.deepEqual([...more.value.topics.keys()], ["a", "b"]);
  assert.deepEqual(asked, [["a"], ["a"], ["a", "b"]]);
});

Deno.test("of two looks ahead the later one counts, and the first ends", async () => {
  const { cluster, asked, quiet } = fakeTarget({ offsetsError: NOT_LEADER });
  {
    using look = createTargetLook(cluster, never);
    look.begin(["a"]);
    await wait(30);
    look.begin(["b"]);
    await wait(300);
  }
  await quiet();
  assert.deepEqual(asked.slice(0, 2), [["a"], ["b"]]);
  assert.ok(asked.length > 2);
  assert.ok(asked.slice(2).every(([topic]) => topic === "b"), JSON.stringify(asked));
});

Deno.test("a look that nobody wants any more asks nothing", async () => {
  const { cluster, asked } = fakeTarget({ offsetsError: NOT_LEADER });
  {
    using look = createTargetLook(cluster, never);
    look.begin(["a"]);
    await wait(30);
  }
  await wait(300);
  assert.deepEqual(asked, [["a"]]);
});

Deno.test("a look that fails is a finding for who wants it, and nothing to anybody else", async () => {
  const metadata = () => Promise.reject(silent);
  using look = createTargetLook(fakeTarget({ more: { metadata } }).cluster, never);
  look.begin(["a"]);
  await wait(5);
  look.begin(["a"]);
  await wait(5);
  const seen = await look.at(["a"]);
  assert.ok("finding" in seen);
  assert.equal(seen.finding.code, "BROKER_UNREACHABLE");
});

Deno.test("a leader that can't be reached while another broker is still dialled fails the look, not the program", async () => {
  const { cluster } = fakeTarget({
    more: {
      control: () => Promise.reject(silent),
      anyControl: async () => {
        await wait(20);
        throw silent;
      },
    },
  });
  await assert.rejects(snapshotTopics(cluster, ["a"], never), silent);
  await wait(25);
});
