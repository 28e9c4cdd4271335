/**
 * Asks one broker over plaintext which brokers it knows: how the test support finds out that a cluster is ready. A
 * Metadata request, version 1 (protocol guide, "The Messages: Metadata"), by hand, so that no client under test is
 * needed. Refuses to know anything about topics.
 */

/** One broker as another one describes it. */
export interface KnownBroker {
  readonly nodeId: number;
  readonly address: string;
}

const metadataKey = 3;
const clientId = "test-support";

/**
 * @param address `host:port` of a PLAINTEXT listener
 * @returns the live brokers the asked one knows
 * @throws Error when it doesn't answer in `timeoutMs`
 */
export async function knownBrokers(
  address: string,
  timeoutMs = 1000,
): Promise<readonly KnownBroker[]> {
  const separator = address.lastIndexOf(":");
  const connection = await Deno.connect({
    hostname: address.slice(0, separator),
    port: Number(address.slice(separator + 1)),
  });
  // Closing makes a read that waits fail: the one way to give up on a broker that hangs.
  const timer = setTimeout(() => closeQuietly(connection), timeoutMs);
  try {
    await writeAll(connection, metadataRequest());
    const size = new DataView((await readExactly(connection, 4)).buffer).getInt32(0);
    return parseBrokers(await readExactly(connection, size));
  } finally {
    clearTimeout(timer);
    closeQuietly(connection);
  }
}

function metadataRequest(): Uint8Array {
  const client = new TextEncoder().encode(clientId);
  const size = 2 + 2 + 4 + 2 + client.length + 4;
  const bytes = new Uint8Array(4 + size);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, size);
  view.setInt16(4, metadataKey);
  view.setInt16(6, 1);
  view.setInt32(8, 1);
  view.setInt16(12, client.length);
  bytes.set(client, 14);
  // Zero topics, which in version 1 means none (null would mean all).
  view.setInt32(14 + client.length, 0);
  return bytes;
}

function parseBrokers(body: Uint8Array): readonly KnownBroker[] {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const decoder = new TextDecoder();
  let position = 4;
  const int32 = (): number => {
    position += 4;
    return view.getInt32(position - 4);
  };
  const text = (): string => {
    const length = Math.max(0, view.getInt16(position));
    position += 2 + length;
    return decoder.decode(body.subarray(position - length, position));
  };
  return Array.from({ length: int32() }, () => {
    const nodeId = int32();
    const host = text();
    const port = int32();
    text(); // the rack
    return { nodeId, address: `${host}:${port}` };
  });
}

async function readExactly(connection: Deno.Conn, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  for (let filled = 0; filled < size;) {
    const read = await connection.read(bytes.subarray(filled));
    if (read === null) throw new Error("Cannot read the whole answer: the broker hung up");
    filled += read;
  }
  return bytes;
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await connection.write(bytes.subarray(written));
  }
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Closed before: by the timer, or by the end of the exchange.
  }
}
