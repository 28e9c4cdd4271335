// Reused buffers for fetch responses, and the ceiling on what is under way. A response is read straight into one of
// these, its batches are produced from it, and it returns to the pool when the last of them is acknowledged: no bytes
// are copied and the garbage collector sees nothing. Sizes go in powers of two, so that a buffer fits the next
// response too. Whoever is about to fetch asks for room first; that is what bounds the memory.

const SMALLEST = 1 << 16;

/** What closed sockets may still be sending from. */
const underWay = new WeakSet<ArrayBufferLike>();

/**
 * Keeps memory from being used again, since a write from it was under way when its connection ended: Deno finishes that
 * one after `close()`, whenever the other side reads on.
 */
export function neverReuse({ buffer }: Uint8Array): void {
  underWay.add(buffer);
}

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
  /** Counts bytes that live elsewhere (a re-encoded batch) until the returned function is called. */
  charge(size: number): () => void;
  /**
   * Waits until `size` more bytes fit under the ceiling and keeps them free until the returned function is called. Once the
   * signal fires nobody waits any more, whether there is room or not.
   */
  reserve(size: number, signal: AbortSignal): Promise<() => void>;
  /** Bytes in use and reserved. */
  readonly bytesInUse: number;
}

/** Makes an empty pool; `ceiling` is what buffers, charges and reservations may add up to, in bytes. */
export function createBufferPool(ceiling: number): BufferPool {
  const free = new Map<number, Uint8Array[]>();
  const waiting: { readonly size: number; readonly go: () => void }[] = [];
  let freeBytes = 0;
  let inUse = 0;
  /** Part of `inUse`: room that no buffer fills yet. Free buffers will, so the two are not added up. */
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

  /** Lets those wait no longer who fit now; one always fits into an empty pool, however much it asks for. */
  function admit(): void {
    for (let [first] = waiting; first !== undefined; [first] = waiting) {
      if (inUse > 0 && inUse + first.size > ceiling) return;
      waiting.shift();
      first.go();
    }
  }

  /** Leaves free buffers to the garbage collector until they and what is in use stay under the ceiling. */
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

  /** Keeps a buffer for the next response, as far as what is in use leaves room for it under the ceiling. */
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
