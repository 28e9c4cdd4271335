// Reused buffers for fetch responses, and the ceiling on the bytes that the copy holds. A response is read straight
// into a buffer, its batches are produced from that buffer, and the buffer returns to the pool when the last batch is
// acknowledged: no bytes are copied and the garbage collector has nothing to do. Sizes are powers of two, so that a
// buffer fits the next response too. Before a fetch its room is reserved here; that bounds the memory.

const SMALLEST = 1 << 16;

/** Memory from which closed sockets may still be sending. */
const underWay = new WeakSet<ArrayBufferLike>();

/**
 * Keeps memory from being used again when a write from it was under way as its connection ended: Deno finishes that
 * write after `close()`, whenever the other side continues to read.
 */
export function neverReuse({ buffer }: Uint8Array): void {
  underWay.add(buffer);
}

/** A response's bytes. Each of its batches holds the buffer; the last `release` gives it back to the pool. */
export interface PooledBuffer {
  /** The whole buffer; a response fills it from 0 to its length. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  retain(): void;
  release(): void;
}

/** Hands out buffers and takes them back. */
export interface BufferPool {
  /** A buffer of at least `size` bytes, held once. It still contains what was read into it before. */
  acquire(size: number): PooledBuffer;
  /** Counts bytes that live elsewhere (a re-encoded batch) until the returned function is called. */
  charge(size: number): () => void;
  /**
   * Waits until `size` more bytes fit under the ceiling, and reserves them until the returned function is called. Once the
   * signal fires it stops waiting and reserves nothing.
   */
  reserve(size: number, signal: AbortSignal): Promise<() => void>;
  /** Bytes in use and reserved. */
  readonly bytesInUse: number;
}

/** Makes an empty pool. Buffers, charges and reservations add up to at most `ceiling` bytes. */
export function createBufferPool(ceiling: number): BufferPool {
  const free = new Map<number, Uint8Array[]>();
  const waiting: { readonly size: number; readonly go: () => void }[] = [];
  let freeBytes = 0;
  let inUse = 0;
  /** The reserved part of `inUse`. Free buffers will fill it, so reserved and free bytes are not added up. */
  let reserved = 0;

  function take(size: number): () => void {
    inUse += size;
    let taken = true;
    return () => {
      if (!taken) return;
      taken = false;
      inUse -= size;
      admit();
    };
  }

  function keep(size: number): () => void {
    reserved += size;
    const untake = take(size);
    let kept = true;
    return () => {
      if (!kept) return;
      kept = false;
      reserved -= size;
      untake();
    };
  }

  /** Grants reservations that fit now, in order. Into an empty pool any reservation fits, however large. */
  function admit(): void {
    for (let [first] = waiting; first !== undefined; [first] = waiting) {
      if (inUse > 0 && inUse + first.size > ceiling) return;
      waiting.shift();
      first.go();
    }
  }

  /** Drops free buffers until they and the bytes in use fit under the ceiling. */
  function dropFree(): void {
    for (const [size, list] of free) {
      while (inUse - reserved + freeBytes > ceiling && list.pop() !== undefined) freeBytes -= size;
    }
  }

  function takeFree(capacity: number): Uint8Array | undefined {
    const bytes = free.get(capacity)?.pop();
    if (bytes !== undefined) freeBytes -= capacity;
    return bytes;
  }

  /** Keeps a buffer for the next response, if the ceiling leaves room for it beside the bytes in use. */
  function giveBack(bytes: Uint8Array): void {
    if (underWay.has(bytes.buffer)) return;
    if (inUse - reserved + freeBytes + bytes.length > ceiling) return;
    freeBytes += bytes.length;
    const list = free.get(bytes.length);
    if (list === undefined) free.set(bytes.length, [bytes]);
    else list.push(bytes);
  }

  return {
    get bytesInUse() {
      return inUse;
    },
    acquire(size) {
      let capacity = SMALLEST;
      while (capacity < size) capacity *= 2;
      const bytes = takeFree(capacity) ?? new Uint8Array(capacity);
      const untake = take(capacity);
      dropFree();
      let holders = 1;
      return {
        bytes,
        view: new DataView(bytes.buffer),
        retain() {
          holders++;
        },
        release() {
          holders--;
          if (holders > 0) return;
          if (holders < 0) {
            throw new Error("A pooled buffer was released more often than it was held");
          }
          untake();
          giveBack(bytes);
        },
      };
    },
    charge: take,
    reserve(size, signal) {
      return new Promise((resolve) => {
        const waiter = {
          size,
          go() {
            signal.removeEventListener("abort", leave);
            resolve(keep(size));
          },
        };
        const leave = () => {
          waiting.splice(waiting.indexOf(waiter), 1);
          resolve(() => {});
          admit();
        };
        if (signal.aborted) return resolve(() => {});
        signal.addEventListener("abort", leave);
        waiting.push(waiter);
        admit();
      });
    },
  };
}
