/**
 * A TCP proxy on a random loopback port that misbehaves on demand: delays, falls silent, cuts, refuses, alters or
 * swallows bytes. Refuses to know Kafka's protocol: who wants to alter one response picks it in `onBytes`.
 */

/** Which way bytes flow. */
export type Direction = "toServer" | "toClient";

/** What is wrong with the network; a field left out: nothing of that kind. */
export interface Faults {
  /** How much later bytes arrive, ms; the bandwidth stays as it is. */
  readonly delayMs?: Readonly<Partial<Record<Direction, number>>>;
  /** Bytes of these directions are held back, connections stay open; they arrive once it ends. */
  readonly silent?: readonly Direction[];
  /** New connections are closed as soon as they are accepted. */
  readonly refuse?: boolean;
  /**
   * Sees bytes as they come (chunks know no frame borders) and says what to forward: the same, changed or, with
   * `undefined`, nothing.
   */
  readonly onBytes?: (
    direction: Direction,
    bytes: Uint8Array,
    connection: number,
  ) => Uint8Array | undefined;
}

/** A running proxy. */
export interface TcpProxy extends AsyncDisposable {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** How many connections were accepted so far. */
  readonly accepted: number;
  /** How many bytes were forwarded so far. */
  readonly forwarded: Readonly<Record<Direction, number>>;
  /** Puts faults in place of the ones before; `{}`: a flawless network. */
  readonly setFaults: (faults: Faults) => void;
  /** Closes all connections now; new ones are welcome. */
  readonly cut: () => void;
}

const chunkBytes = 64 * 1024;
/** Chunks that may be under way in a delayed direction: bounds the memory of a fast sender. */
const mostDelayed = 64;

/** @param target `host:port` to forward to */
export function startTcpProxy(target: string, initialFaults: Faults = {}): TcpProxy {
  const separator = target.lastIndexOf(":");
  const server = {
    hostname: target.slice(0, separator),
    port: Number(target.slice(separator + 1)),
  };
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const forwarded = { toServer: 0, toClient: 0 };
  const links = new Set<AbortController>();
  const running = new Set<Promise<void>>();
  let faults = initialFaults;
  let faultsChanged = Promise.withResolvers<void>();
  let accepted = 0;

  const releaseHeld = (): void => {
    const before = faultsChanged;
    faultsChanged = Promise.withResolvers<void>();
    before.resolve();
  };
  const cut = (): void => links.forEach((link) => link.abort());

  const deliver = async (
    direction: Direction,
    bytes: Uint8Array,
    to: Deno.Conn,
    link: AbortController,
    connection: number,
  ): Promise<void> => {
    while (faults.silent?.includes(direction) && !link.signal.aborted) await faultsChanged.promise;
    const changed = faults.onBytes === undefined
      ? bytes
      : faults.onBytes(direction, bytes, connection);
    if (changed === undefined) return;
    for (let written = 0; written < changed.length;) {
      written += await to.write(changed.subarray(written));
    }
    forwarded[direction] += changed.length;
  };

  const pump = async (
    direction: Direction,
    from: Deno.Conn,
    to: Deno.Conn,
    link: AbortController,
    connection: number,
  ): Promise<void> => {
    let delivery: Promise<void> = Promise.resolve();
    let underWay = 0;
    try {
      while (true) {
        const buffer = new Uint8Array(chunkBytes);
        const size = await from.read(buffer);
        if (size === null) break;
        const delay = faults.delayMs?.[direction] ?? 0;
        const due = Date.now() + delay;
        underWay++;
        delivery = delivery.then(async () => {
          await pause(due - Date.now(), link.signal);
          await deliver(direction, buffer.subarray(0, size), to, link, connection);
        }).finally(() => underWay--);
        // Failures are seen by the await below or after the loop.
        delivery.catch(() => {});
        if (underWay >= mostDelayed || delay === 0) await delivery;
      }
      await delivery;
    } catch {
      // Either side has gone; for the other one that is the end too.
    }
    link.abort();
    await delivery.catch(() => {});
  };

  const forward = async (client: Deno.Conn, connection: number): Promise<void> => {
    const link = new AbortController();
    links.add(link);
    try {
      const toServer = await Deno.connect(server);
      const close = (): void => {
        for (const side of [client, toServer]) closeQuietly(side);
        releaseHeld();
      };
      link.signal.addEventListener("abort", close);
      // Cut while this connection was being made.
      if (link.signal.aborted) return close();
      await Promise.all([
        pump("toServer", client, toServer, link, connection),
        pump("toClient", toServer, client, link, connection),
      ]);
    } catch {
      // The server can't be reached: the client sees its connection end.
    } finally {
      closeQuietly(client);
      links.delete(link);
    }
  };

  const accepting = (async () => {
    for await (const client of listener) {
      accepted++;
      if (faults.refuse) {
        client.close();
        continue;
      }
      const job = forward(client, accepted);
      running.add(job);
      job.finally(() => running.delete(job));
    }
  })();

  let listening = true;
  return {
    address: `127.0.0.1:${listener.addr.port}`,
    get accepted() {
      return accepted;
    },
    forwarded,
    setFaults: (next) => {
      faults = next;
      releaseHeld();
    },
    cut,
    // Also where it is gone already, as a test may have it.
    [Symbol.asyncDispose]: async () => {
      if (listening) listener.close();
      listening = false;
      await accepting;
      cut();
      await Promise.all(running);
    },
  };
}

/** Waits, but not beyond the link's end. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Closed before, by the other direction's end.
  }
}
