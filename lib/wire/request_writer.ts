// The write side of a connection: it writes requests one after another. Small parts are gathered into one write, and
// large parts are written without copying. It knows neither what the parts mean nor what the broker answers.

import type { ByteStream } from "./request_channel.ts";

/** Parts below this size are gathered into one write; larger ones are written without copying. */
const DIRECT_WRITE_BYTES = 256 * 1024;
/** Gathered writes from this size on reuse the same memory; requests without records are smaller. */
const STAGED_BYTES = 16 * 1024;

/** Writes requests. */
export interface RequestWriter {
  /** Writes a request's parts after all earlier ones; they must not change until the request is answered. */
  write(parts: readonly Uint8Array[]): void;
  /** The bytes being written now, which may be read even after the stream was closed. */
  readonly underWay: Uint8Array | undefined;
}

/** What the writer asks of its connection, and tells it. */
export interface RequestWriterOptions {
  /** Whether the connection has ended: then nothing more is written. */
  readonly ended: () => boolean;
  /** Bytes have gone out. */
  readonly onWritten: () => void;
  /** A write has failed. */
  readonly onError: (error: unknown) => void;
}

/** Makes a writer for an open stream. */
export function createRequestWriter(
  stream: Pick<ByteStream, "write">,
  { ended, onWritten, onError }: RequestWriterOptions,
): RequestWriter {
  let writing = Promise.resolve();
  let staging: Uint8Array | undefined;
  let underWay: Uint8Array | undefined;

  async function writeParts(parts: readonly Uint8Array[]): Promise<void> {
    let gathered: Uint8Array[] = [];
    let gatheredBytes = 0;
    for (const part of parts) {
      if (part.length < DIRECT_WRITE_BYTES) {
        gathered.push(part);
        gatheredBytes += part.length;
        if (gatheredBytes < DIRECT_WRITE_BYTES) continue;
        await writeAll(gather(gathered, gatheredBytes));
        [gathered, gatheredBytes] = [[], 0];
        continue;
      }
      if (gatheredBytes > 0) await writeAll(gather(gathered, gatheredBytes));
      [gathered, gatheredBytes] = [[], 0];
      await writeAll(part);
    }
    if (gatheredBytes > 0) await writeAll(gather(gathered, gatheredBytes));
  }

  /** Joins the parts into one array. Larger ones use the writer's own memory, which is reused after the write. */
  function gather(parts: readonly Uint8Array[], size: number): Uint8Array {
    if (size < STAGED_BYTES) return concatenate(parts, size, new Uint8Array(size));
    staging ??= new Uint8Array(2 * DIRECT_WRITE_BYTES);
    return concatenate(parts, size, staging);
  }

  async function writeAll(bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      if (ended()) return;
      underWay = bytes;
      written += await stream.write(written === 0 ? bytes : bytes.subarray(written));
      underWay = undefined;
      onWritten();
    }
  }

  return {
    get underWay() {
      return underWay;
    },
    write(parts) {
      writing = writing.then(() => writeParts(parts)).catch(onError);
    },
  };
}

function concatenate(parts: readonly Uint8Array[], size: number, into: Uint8Array): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  let at = 0;
  for (const part of parts) {
    into.set(part, at);
    at += part.length;
  }
  return into.subarray(0, size);
}
