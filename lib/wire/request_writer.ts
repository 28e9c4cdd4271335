// The write side of a connection: requests one after another, their small parts gathered into one write, large ones
// written uncopied. It knows neither what the parts are nor what is answered.

import type { ByteStream } from "./request_channel.ts";

/** Parts below this are gathered into one write; larger ones are written uncopied. */
const DIRECT_WRITE_BYTES = 256 * 1024;
/** What is gathered from this on uses the same memory again; questions are smaller. */
const STAGED_BYTES = 16 * 1024;

/** Writes requests. */
export interface RequestWriter {
  /** Writes a request's parts once all before are written; they must stay as they are until it is answered. */
  write(parts: readonly Uint8Array[]): void;
  /** What is being written: it is read from even after the stream was closed. */
  readonly underWay: Uint8Array | undefined;
}

/** What the connection knows, and is told. */
export interface RequestWriterOptions {
  /** Whether the connection has ended: nothing more is written then. */
  readonly ended: () => boolean;
  /** Bytes have gone out. */
  readonly onWritten: () => void;
  /** A write has failed. */
  readonly onError: (error: unknown) => void;
}

/** A writer to an open stream. */
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

  /** The parts as one: in memory of the writer's own, which is free again when they are written. */
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
