/**
 * Members of groups that no client here speaks for: of streams groups (KIP-1071) and of share groups (KIP-932), as far
 * as one heartbeat makes them members; they are forgotten some time after. Refuses to read anything.
 */

import { connectToBroker } from "../../lib/wire/connect.ts";
import type { BrokerConnection } from "../../lib/wire/broker_connection.ts";
import { ProtocolReader } from "../../lib/protocol/protocol_reader.ts";
import { ProtocolWriter } from "../../lib/protocol/protocol_writer.ts";

/** COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR. */
const coordinatorNotReady = [14, 15, 16];

/** One heartbeat of a streams group's only member. @throws Error with the broker's error code */
export async function heartbeatStreamsGroup(
  address: string,
  group: string,
  topic: string,
  what: "join" | "leave",
): Promise<void> {
  const joining = what === "join";
  const writer = new ProtocolWriter().compactString(group).compactString("member")
    .int32(joining ? 0 : -1).int32(0) // member epoch, endpoint epoch
    .uvarint(0).uvarint(0).int32(joining ? 60_000 : -1); // instance, rack, rebalance timeout
  if (joining) {
    writer.int8(1).int32(0).compactArray(["0"], (subtopology) => {
      writer.compactString(subtopology).compactArray([topic], (name) => {
        writer.compactString(name);
      });
      // Regular expressions, changelogs, repartition sinks and sources, copartition groups.
      for (let empty = 0; empty < 5; empty++) writer.uvarint(1);
      writer.noTags();
    }).noTags();
  } else writer.int8(-1);
  const tasks = joining ? 1 : 0; // empty, or null
  writer.uvarint(tasks).uvarint(tasks).uvarint(tasks);
  if (joining) writer.compactString("process");
  else writer.uvarint(0);
  writer.int8(-1).uvarint(joining ? 1 : 0).uvarint(0).uvarint(0).boolean(false).noTags();
  await heartbeat(address, 88, 0, writer.bytes);
}

/** One heartbeat that makes a member of a share group. @throws Error with the broker's error code */
export async function joinShareGroup(
  address: string,
  group: string,
  topic: string,
): Promise<void> {
  const writer = new ProtocolWriter().compactString(group)
    .compactString("AAAAAAAAAAAAAAAAAAAAAQ") // member: a UUID
    .int32(0).uvarint(0); // epoch, rack
  writer.compactArray([topic], (name) => writer.compactString(name)).noTags();
  await heartbeat(address, 76, 1, writer.bytes);
}

async function heartbeat(
  address: string,
  apiKey: number,
  apiVersion: number,
  body: Uint8Array,
): Promise<void> {
  const [host = "", port] = address.split(":");
  const advertised = { host, port: Number(port) };
  const broker: BrokerConnection = await connectToBroker(
    { bootstrapServers: [advertised], addresses: new Map() },
    "source",
    advertised,
  );
  try {
    for (let tries = 0;; tries++) {
      const frame = await broker.connection.send({
        apiKey,
        apiVersion,
        flexible: true,
        body: [body],
      });
      const reader = new ProtocolReader(frame.bytes, frame.start, frame.end);
      reader.int32(); // throttle time
      const errorCode = reader.int16();
      if (errorCode === 0) return;
      if (!coordinatorNotReady.includes(errorCode) || tries > 100) {
        throw new Error(`Cannot join the group: error ${errorCode}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    broker.connection.close();
  }
}
