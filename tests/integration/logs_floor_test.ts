/**
 * Brokers older than the floor are refused by name, on either side, before anything is read or written. They are
 * played by a server that answers ApiVersions as those releases do.
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

for (
  const { release, versions } of [
    { release: "1.0", versions: { 0: 5, 1: 6, 3: 5, 18: 1 } },
    { release: "2.3, which lacks Produce 8", versions: { 0: 7, 1: 11, 3: 8, 18: 2 } },
    { release: "2.2, which lacks Fetch 11", versions: { 0: 8, 1: 10, 3: 7, 18: 2 } },
  ]
) {
  for (const side of ["source", "target"] as const) {
    clusters.test(`a ${side} broker of Kafka ${release} is refused by name`, async () => {
      await using old = startOldBroker(versions);
      await using migration = await makeMigrationDir(
        configOf(clusters, { [side]: { bootstrapServers: old.address } }),
      );
      const { status, output } = await migration.run();
      assert.equal(status, 3, output);
      assert.match(
        output,
        new RegExp(`UNSUPPORTED_BROKER: .*${old.address}.* the broker is older than Kafka 2\\.4`),
      );
      assert.doesNotMatch(output, /\bat file:/);
      assert.ok(!migration.files().includes("migration.state.jsonl"));
    });
  }
}
