/**
 * Brokers that do not speak what is needed are refused by what they lack, on either side, before anything is read or
 * written. They are played by a server that answers ApiVersions as those releases do.
 */

import assert from "node:assert/strict";
import { configOf } from "../support/backlog.ts";
import { sharedClusters } from "../support/cluster_pair.ts";
import { makeMigrationDir } from "../support/migration_dir.ts";

const clusters = sharedClusters();

interface OldBroker extends AsyncDisposable {
  readonly address: string;
}

/** Answers ApiVersions 0 to 2 and nothing else; versions by API key. */
function startOldBroker(newest: Readonly<Record<number, number>>): OldBroker {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serve = async (connection: Deno.Conn): Promise<void> => {
    const request = new Uint8Array(4096);
    while (await connection.read(request) !== null) {
      const view = new DataView(request.buffer);
      const [apiKey, version, correlationId] = [
        view.getInt16(4),
        view.getInt16(6),
        view.getInt32(8),
      ];
      if (apiKey !== 18) break;
      await connection.write(apiVersions(newest, version, correlationId));
    }
    connection.close();
  };
  const serving = (async () => {
    for await (const connection of listener) serve(connection).catch(() => {});
  })();
  return {
    address: `127.0.0.1:${listener.addr.port}`,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      await serving;
    },
  };
}

function apiVersions(
  newest: Readonly<Record<number, number>>,
  version: number,
  correlationId: number,
): Uint8Array {
  // Before Kafka 2.4 a version that is too new is answered with an error and nothing else, in version 0.
  const known = version <= (newest[18] ?? 0);
  const apis = known ? Object.entries(newest) : [];
  const throttleBytes = known && version > 0 ? 4 : 0;
  const bytes = new Uint8Array(4 + 4 + 2 + 4 + apis.length * 6 + throttleBytes);
  const view = new DataView(bytes.buffer);
  view.setInt16(8, known ? 0 : 35);
  view.setInt32(0, bytes.length - 4);
  view.setInt32(4, correlationId);
  view.setInt32(10, apis.length);
  apis.forEach(([key, most], index) => {
    view.setInt16(14 + index * 6, Number(key));
    view.setInt16(18 + index * 6, most);
  });
  return bytes;
}

/** What Kafka 0.10.1 answers, in part. */
const before0102 = { 0: 2, 1: 3, 2: 1, 3: 2, 9: 1, 16: 0, 18: 0 };

for (
  const { side, what, versions, says } of [
    {
      ...{ side: "source", what: "of Kafka 0.10.1", versions: before0102 },
      says: "does not speak OffsetFetch 2, which Kafka 0\\.10\\.2 brought",
    },
    {
      ...{
        side: "source",
        what: "that speaks less than any Kafka",
        versions: { 1: 11, 3: 8, 18: 2 },
      },
      says:
        "does not speak ListOffsets 1, which Kafka 0\\.10\\.1 brought, nor OffsetFetch 2, .* nor ListGroups 0",
    },
    {
      ...{ side: "target", what: "of Kafka 0.10.2", versions: { ...before0102, 9: 2 } },
      says: "does not speak Produce \\d, which Kafka [\\d.]+ brought, nor Fetch 4",
    },
    {
      ...{ side: "source", what: "that does not speak ApiVersions 0", versions: { 18: -1 } },
      says: "does not speak ApiVersions 0",
    },
  ] as const
) {
  clusters.test(`a ${side} broker ${what} is refused by what it lacks`, async () => {
    await using old = startOldBroker(versions);
    await using migration = await makeMigrationDir(
      configOf(clusters, { [side]: { bootstrapServers: old.address } }),
    );
    const { status, output } = await migration.run();
    assert.equal(status, 3, output);
    assert.match(output, new RegExp(`UNSUPPORTED_BROKER: .*${old.address}.* the broker ${says}`));
    assert.match(
      output,
      /Kafka 0\.10\.2 is the oldest that a source may be|is the oldest that a target may be/,
    );
    assert.doesNotMatch(output, /\bat file:/);
    assert.ok(!migration.files().includes("migration.state.jsonl"));
  });
}
