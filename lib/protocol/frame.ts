// A request and its response as bytes, with what they are read into.

import type { BufferPool, PooledBuffer } from "./buffer_pool.ts";

/** A request, encoded. */
export interface RequestFrame {
  readonly apiKey: number;
  readonly apiVersion: number;
  /** Flexible versions (KIP-482) carry tagged fields in both headers. */
  readonly flexible?: boolean;
  /** The body after the request header, in order; written as it stands until the response arrives. */
  readonly body: readonly Uint8Array[];
  /** Reads the response into a buffer of this pool; without one, into a fresh buffer. */
  readonly pool?: BufferPool;
}

/** A response: its body lies at `start`..`end` of the buffer. */
export interface ResponseFrame {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
  /** Gives a pooled buffer back; nothing otherwise. */
  release(): void;
  /** The pooled buffer, where the request asked for one. */
  readonly buffer?: PooledBuffer;
}
