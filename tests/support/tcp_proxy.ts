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
  const open = new Set<Deno.Conn>();
  const running = new Set<Promise<void>>();
  let faults = initialFaults;
  let faultsChanged = Promise.withResolvers<void>();
  let accepted = 0;

  const close = (connection: Deno.Conn): void => {
    if (open.delete(connection)) connection.close();
  };

  const deliver = async (
    direction: Direction,
    bytes: Uint8Array,
    to: Deno.Conn,
    connection: number,
  ): Promise<void> => {
    while (faults.silent?.includes(direction) && open.has(to)) await faultsChanged.promise;
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
    connection: number,
  ): Promise<void> => {
    let delivery: Promise<void> = Promise.resolve();
    let underWay = 0;
    try {
      while (true) {
        const buffer = new Uint8Array(chunkBytes);
        const size = await from.read(buffer);
        if (size === null) break;
        const due = Date.now() + (faults.delayMs?.[direction] ?? 0);
        underWay++;
        delivery = delivery.then(async () => {
          if (due > Date.now()) await sleep(due - Date.now());
          await deliver(direction, buffer.subarray(0, size), to, connection);
        }).finally(() => underWay--);
        // Failures are seen by the await below or after the loop.
        delivery.catch(() => {});
        if (underWay >= mostDelayed || faults.delayMs?.[direction] === undefined) await delivery;
      }
      await delivery;
    } catch {
      // Either side has gone; for the other one that is the end too.
    }
    close(from);
    close(to);
  };

  const forward = async (client: Deno.Conn, connection: number): Promise<void> => {
    open.add(client);
    try {
      const toServer = await Deno.connect(server);
      open.add(toServer);
      // Cut, or the proxy itself closed, while this connection was being made.
      if (!open.has(client)) close(toServer);
      await Promise.all([
        pump("toServer", client, toServer, connection),
        pump("toClient", toServer, client, connection),
      ]);
    } catch {
      close(client);
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

  const cut = (): void => {
    [...open].forEach(close);
    releaseHeld();
  };
  const releaseHeld = (): void => {
    const before = faultsChanged;
    faultsChanged = Promise.withResolvers<void>();
    before.resolve();
  };

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
    [Symbol.asyncDispose]: async () => {
      listener.close();
      cut();
      await accepting;
      // A connection that was being made when the others were cut.
      while (running.size > 0) {
        cut();
        await Promise.race([Promise.all(running), sleep(20)]);
      }
    },
  };
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
