// Reused buffers for fetch responses. A response is read straight into one of these, its batches are produced from
// it, and it returns to the pool when the last of them is acknowledged: no bytes are copied and the garbage collector
// sees nothing. Sizes go in powers of two, so that a buffer fits the next response too.

const SMALLEST = 1 << 16;
/** Free bytes kept; beyond it a returned buffer is left to the garbage collector. */
const KEPT_FREE_BYTES = 64 * 1024 * 1024;

/** A response's bytes, held by as many holders as its batches; the last `release` gives the buffer back. */
export interface PooledBuffer {
  /** The whole buffer; a response fills it from 0 to its length. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  retain(): void;
  release(): void;
}

/** Hands out buffers and takes them back. */
export interface BufferPool {
  /** A buffer of at least `size` bytes, held once. Its former content is still in it. */
  acquire(size: number): PooledBuffer;
}

/** Makes an empty pool. */
export function createBufferPool(): BufferPool {
  const free = new Map<number, Uint8Array[]>();
  let freeBytes = 0;

  function giveBack(bytes: Uint8Array): void {
    if (freeBytes + bytes.length > KEPT_FREE_BYTES) return;
    freeBytes += bytes.length;
    const list = free.get(bytes.length);
    if (list === undefined) free.set(bytes.length, [bytes]);
    else list.push(bytes);
  }

  return {
    acquire(size) {
      let capacity = SMALLEST;
      while (capacity < size) capacity *= 2;
      let bytes = free.get(capacity)?.pop();
      if (bytes === undefined) bytes = new Uint8Array(capacity);
      else freeBytes -= capacity;
      const owned = bytes;
      let holders = 1;
      return {
        bytes: owned,
        view: new DataView(owned.buffer),
        retain() {
          holders++;
        },
        release() {
          holders--;
          if (holders === 0) giveBack(owned);
          if (holders < 0) {
            throw new Error("A pooled buffer was released more often than it was held");
          }
        },
      };
    },
  };
}
