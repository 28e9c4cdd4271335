// A request and its response as bytes, with the buffer that the response is read into.

import type { BufferPool, PooledBuffer } from "./buffer_pool.ts";

/** A request, encoded. */
export interface RequestFrame {
  readonly apiKey: number;
  readonly apiVersion: number;
  /** Flexible versions (KIP-482) carry tagged fields in both headers. */
  readonly flexible?: boolean;
  /** The parts of the body after the request header, in order; they must not change until the response arrives. */
  readonly body: readonly Uint8Array[];
  /** The pool whose buffer the response is read into; without one, a fresh buffer is used. */
  readonly pool?: BufferPool;
}

/** A response: its body lies at `start`..`end` of the buffer. */
export interface ResponseFrame {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
  /** Gives a pooled buffer back to its pool; does nothing with any other. */
  release(): void;
  /** The pooled buffer, if the request asked for one. */
  readonly buffer?: PooledBuffer;
}
