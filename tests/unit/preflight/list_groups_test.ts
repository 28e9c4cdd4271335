/** snapshot.ts: groups are listed only while their coordinators stay, and are known to be at work. */

import assert from "node:assert/strict";
import type { Cluster } from "../../../lib/kafka/cluster.ts";
import { allGroups } from "../../../lib/preflight/snapshot.ts";
import type { RequestFrame } from "../../../lib/protocol/frame.ts";
import { ProtocolWriter } from "../../../lib/protocol/protocol_writer.ts";

const [LIST_OFFSETS, OFFSET_FETCH, LIST_GROUPS] = [2, 9, 16];
const NOT_LEADER = 6;
const NOT_COORDINATOR = 16;
const OFFSETS_TOPIC = "__consumer_offsets";

/**
 * Two brokers, the first of which resigns the group's partition just before it is asked for its groups, and says so in its
 * metadata only a while later, when the second has taken over.
 */
function movingCoordinator(): Cluster {
  let resigned = false;
  let takenOver = false;
  const leader = () => !resigned ? 1 : takenOver ? 2 : 0;
  function answer(node: number, { apiKey }: RequestFrame): Uint8Array {
    const writer = new ProtocolWriter().int32(0);
    if (apiKey === LIST_GROUPS) {
      if (node === 1 && !resigned) {
        resigned = true;
        setTimeout(() => takenOver = true, 40);
      }
      writer.int16(0).compactArray(
        leader() === node ? ["g"] : [],
        (group) => writer.compactString(group).compactString("consumer").noTags(),
      ).noTags();
    } else if (apiKey === LIST_OFFSETS) {
      writer.int32(1).string(OFFSETS_TOPIC).int32(1).int32(0)
        .int16(leader() === node ? 0 : NOT_LEADER).int64(-1n).int64(5n);
    } else if (apiKey === OFFSET_FETCH) {
      writer.compactArray([], () => {}).int16(leader() === node ? 0 : NOT_COORDINATOR).noTags();
    }
    return writer.bytes.slice();
  }
  const broker = (node: number) => ({
    connection: {
      address: { advertised: `b${node}:1`, dialled: `b${node}:1` },
      closed: false,
      async send(frame: RequestFrame) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        const bytes = answer(node, frame);
        const view = new DataView(bytes.buffer);
        return { bytes, view, start: 0, end: bytes.length, release() {} };
      },
    },
    versions: new Map([
      [LIST_OFFSETS, { min: 3, max: 3 }],
      [OFFSET_FETCH, { min: 6, max: 6 }],
      [LIST_GROUPS, { min: 3, max: 3 }],
    ]),
  });
  const metadata = () => ({
    clusterId: "c",
    brokers: [],
    topics: [{
      topic: OFFSETS_TOPIC,
      errorCode: 0,
      internal: true,
      partitions: [{
        partition: 0,
        errorCode: 0,
        leader: takenOver ? 2 : 1,
        leaderEpoch: takenOver ? 6 : 5,
        replicas: 1,
      }],
    }],
  });
  const cluster = {
    role: "source",
    clusterId: "c",
    brokers: () => new Map([1, 2].map((node) => [node, { host: `b${node}`, port: 1 }])),
    control: (node: number) => Promise.resolve(broker(node)),
    anyControl: () => Promise.resolve(broker(1)),
    metadata: () => Promise.resolve(metadata()),
  };
  return cluster as unknown as Cluster;
}

Deno.test("a group is not missed while its coordinator moves and metadata lags behind", async () => {
  const groups = await allGroups(movingCoordinator(), new AbortController().signal);
  assert.deepEqual(groups.map(({ group }) => group), ["g"]);
});
