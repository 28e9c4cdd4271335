/**
 * Peers that mean no good, over real sockets: whatever they send, the run ends in time with status 3 and a sentence,
 * and its memory stays bounded.
 */

import assert from "node:assert/strict";
import { makeMigrationDir } from "../support/migration_dir.ts";
import { startRun } from "../support/slow_run.ts";

type Answer = (connection: Deno.Conn) => Promise<void>;

async function write(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await connection.write(bytes.subarray(written));
  }
}

/** Reads a request; its correlation id. */
async function request(connection: Deno.Conn): Promise<number> {
  const bytes = new Uint8Array(4096);
  const count = await connection.read(bytes);
  if (count === null) throw new Error("Closed");
  return new DataView(bytes.buffer).getInt32(8);
}

function frame(size: number, correlationId: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + body.length);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, size);
  view.setInt32(4, correlationId);
  bytes.set(body, 8);
  return bytes;
}

/** ApiVersions 2: every API up to 70, in versions 0 to 20. */
function apiVersions(): Uint8Array {
  const keys = Array.from({ length: 71 }, (_, key) => key.toString(16).padStart(4, "0"));
  const ranges = keys.map((key) => `${key}00000014`).join("");
  return Uint8Array.fromHex(`0000${"00000047"}${ranges}00000000`);
}

async function honestStart(connection: Deno.Conn): Promise<number> {
  const body = apiVersions();
  await write(connection, frame(body.length + 4, await request(connection), body));
  return await request(connection);
}

const MEGABYTE = 1024 * 1024;

const peers: readonly { readonly title: string; readonly answer: Answer; readonly says: RegExp }[] =
  [
    {
      title: "random bytes without end",
      answer: async (connection) => {
        for (;;) await write(connection, crypto.getRandomValues(new Uint8Array(65_536)));
      },
      says: /BROKER_UNREACHABLE: Broker ADDRESS: .*not Kafka's protocol/,
    },
    {
      title: "a length beyond all measure",
      answer: async (connection) => {
        await write(connection, frame(0x7fffffff, await request(connection), new Uint8Array(100)));
      },
      says: /BROKER_UNREACHABLE: Broker ADDRESS: .*not Kafka's protocol/,
    },
    {
      title: "an array of a billion items in a few bytes",
      answer: async (connection) => {
        const body = Uint8Array.fromHex("00003fffffff00000000");
        await write(connection, frame(body.length + 4, await request(connection), body));
        await request(connection);
      },
      says: /BROKER_UNREACHABLE: Broker ADDRESS: .*ApiVersions could not be read/,
    },
    {
      title: "half a response",
      answer: async (connection) => {
        const body = apiVersions();
        const bytes = frame(body.length + 4, await request(connection), body);
        await write(connection, bytes.subarray(0, 50));
      },
      says: /BROKER_UNREACHABLE: Broker ADDRESS: .*closed the connection/,
    },
    {
      title: "metadata of partitions without end",
      answer: async (connection) => {
        const size = 120 * MEGABYTE;
        await write(connection, frame(size, await honestStart(connection), new Uint8Array(0)));
        const zeros = new Uint8Array(MEGABYTE);
        for (;;) await write(connection, zeros);
      },
      says: /BROKER_UNREACHABLE: Broker ADDRESS: /,
    },
    {
      title: "metadata that advertises a host with terminal sequences",
      answer: async (connection) => {
        const correlationId = await honestStart(connection);
        const host = new TextEncoder().encode("\u001b[2J\u009b31m\nfake line");
        const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
        // Metadata 12, flexible: one broker, no topics.
        const body = Uint8Array.fromHex(
          "00" + "00000000" + "02" + hex(1, 8) + hex(host.length + 1, 2) + host.toHex() +
            hex(9, 8) + "00" + "00" + "0241" + hex(1, 8) + "01" + "00",
        );
        await write(connection, frame(body.length + 4, correlationId, body));
        await request(connection);
      },
      says: /BROKER_UNREACHABLE: Broker /,
    },
  ];

function listen(answer: Answer): Deno.TcpListener {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  (async () => {
    for await (const connection of listener) {
      answer(connection).catch(() => undefined).finally(() => {
        try {
          connection.close();
        } catch {
          // The program was faster.
        }
      });
    }
  })();
  return listener;
}

/** Highest resident memory of a process so far, bytes; 0 once it is gone. */
function peakMemory(pid: number): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

for (const { title, answer, says } of peers) {
  Deno.test({
    name: `a peer that sends ${title} ends the run in time, memory bounded`,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      using listener = listen(answer);
      const address = `127.0.0.1:${listener.addr.port}`;
      await using migration = await makeMigrationDir({
        checkFlag: 1,
        source: { bootstrapServers: address },
        target: { bootstrapServers: address },
      });
      const run = startRun({ cwd: migration.path, timeoutMs: 45_000 });
      let peak = 0;
      await run.until(() => {
        peak = Math.max(peak, peakMemory(run.pid));
        return false;
      });
      const { status, output, durationMs } = await run.ended;
      assert.equal(status, 3, output);
      assert.match(output, new RegExp(says.source.replace("ADDRESS", address)));
      assert.ok(durationMs < 30_000, `${durationMs} ms`);
      assert.ok(peak > 0 && peak < 900 * MEGABYTE, `${peak / MEGABYTE} MiB`);
      const everything = output + migration.text("migration.log");
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(everything, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]|^fake line/m);
    },
  });
}
