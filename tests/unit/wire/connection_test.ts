/**
 * connection.ts over a stream made by hand: framing, pipelining, chunks of any size, pooled buffers, and every way to
 * end.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { createBufferPool } from "../../../lib/protocol/buffer_pool.ts";
import { Connection, NOT_KAFKA } from "../../../lib/wire/connection.ts";
import type { ByteStream } from "../../../lib/wire/request_channel.ts";
import { ConnectionError } from "../../../lib/wire/connection_error.ts";

const address = { advertised: "10.0.0.1:9092", dialled: "127.0.0.1:6001" };
const name = "Broker 10.0.0.1:9092 (dialled as 127.0.0.1:6001)";

/** A stream whose other end is the test. */
interface FakeStream extends ByteStream {
  readonly written: Uint8Array[];
  readonly closed: boolean;
  /** Bytes to read; `null`: the end. */
  readonly give: (bytes: Uint8Array | null) => void;
  readonly fail: (error: Error) => void;
}

/** @param most bytes that one write takes */
function fakeStream(most = Infinity): FakeStream {
  const written: Uint8Array[] = [];
  const incoming: (Uint8Array | null)[] = [];
  let waiting: PromiseWithResolvers<void> | undefined;
  let failure: Error | undefined;
  let closed = false;
  const wake = () => waiting?.resolve();
  return {
    written,
    get closed() {
      return closed;
    },
    give(bytes) {
      incoming.push(bytes);
      wake();
    },
    fail(error) {
      failure = error;
      wake();
    },
    async read(into) {
      while (incoming.length === 0 && failure === undefined && !closed) {
        waiting = Promise.withResolvers();
        await waiting.promise;
      }
      if (failure !== undefined) throw failure;
      if (closed) throw new Error("Bad resource ID");
      const [first] = incoming;
      if (first === null || first === undefined) return null;
      const count = Math.min(first.length, into.length);
      into.set(first.subarray(0, count));
      if (count === first.length) incoming.shift();
      else incoming[0] = first.subarray(count);
      return count;
    },
    write(bytes) {
      if (failure !== undefined) return Promise.reject(failure);
      const taken = bytes.slice(0, most);
      written.push(taken);
      return Promise.resolve(taken.length);
    },
    close() {
      closed = true;
      wake();
    },
  };
}

const open = (stream: ByteStream, requestTimeoutMs = 10_000) =>
  new Connection(stream, { address, clientId: "data-migrate", requestTimeoutMs });

/** A response as a broker frames it. */
function response(correlationId: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + body.length);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, 4 + body.length);
  view.setInt32(4, correlationId);
  bytes.set(body, 8);
  return bytes;
}

const bodyOf = ({ bytes, start, end }: Awaited<ReturnType<Connection["send"]>>) =>
  bytes.slice(start, end);

const hello = new TextEncoder().encode("hello");
const request = { apiKey: 18, apiVersion: 2, body: [hello] };

const isConnectionError = (kind: string, message: string) => (error: unknown) =>
  error instanceof ConnectionError && error.kind === kind && error.message === message;

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("a request has its size, header and body; flexible ones end the header with no tags", async () => {
  const stream = fakeStream();
  const connection = open(stream);
  connection.send(request).catch(() => undefined);
  connection.send({ ...request, flexible: true, body: [hello, hello] }).catch(() => undefined);
  await settle();
  const clientId = new TextEncoder().encode("data-migrate").toHex();
  assert.deepEqual(stream.written.map((bytes) => bytes.toHex()), [
    `0000001b${"0012"}${"0002"}${"00000001"}${"000c"}${clientId}${hello.toHex()}`,
    `00000021${"0012"}${"0002"}${"00000002"}${"000c"}${clientId}00${hello.toHex().repeat(2)}`,
  ]);
  assert.equal(connection.inFlight, 2);
  connection.close();
});

Deno.test("large parts are written as they stand, and writes that take little are gone on with", async () => {
  const large = new Uint8Array(300_000).map((_, index) => index);
  for (const most of [Infinity, 70_001, 9]) {
    const stream = fakeStream(most);
    const connection = open(stream);
    const size = most < 100 ? 50 : large.length;
    const body = [hello, large.subarray(0, size), hello];
    connection.send({ ...request, body }).catch(() => undefined);
    const header = 4 + 10 + "data-migrate".length;
    const total = header + hello.length * 2 + size;
    const bytes = () => stream.written.reduce((sum, { length }) => sum + length, 0);
    while (bytes() < total) await settle();
    const all = new Uint8Array(await new Blob(stream.written.map((part) => part.slice())).bytes());
    assert.deepEqual(all.subarray(header), new Uint8Array(await new Blob(body).bytes()));
    connection.close();
  }
});

Deno.test("pipelined requests get their own answers, however the bytes arrive", async () => {
  const cases = fc.record({
    bodies: fc.array(fc.uint8Array({ maxLength: 200_000, size: "max" }), {
      minLength: 1,
      maxLength: 5,
    }),
    chunk: fc.integer({ min: 1, max: 100_000 }),
    pooled: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ bodies, chunk, pooled }) => {
      const stream = fakeStream();
      const connection = open(stream);
      const pool = createBufferPool(1 << 24);
      const answers = bodies.map(() => connection.send({ ...request, ...(pooled && { pool }) }));
      const all = await new Blob(bodies.map((body, at) => response(at + 1, body).slice())).bytes();
      const step = Math.max(chunk, Math.ceil(all.length / 200));
      for (let at = 0; at < all.length; at += step) stream.give(all.subarray(at, at + step));
      for (const [index, answer] of answers.entries()) {
        const frame = await answer;
        assert.deepEqual(bodyOf(frame), bodies[index]);
        assert.equal(frame.buffer !== undefined, pooled);
        frame.release();
      }
      assert.equal(pool.bytesInUse, 0);
      assert.equal(connection.inFlight, 0);
      connection.close();
    }),
    { numRuns: 30 },
  );
});

Deno.test("a flexible response begins behind its header's tags", async () => {
  const stream = fakeStream();
  const connection = open(stream);
  const answer = connection.send({ ...request, flexible: true });
  stream.give(response(1, new Uint8Array([0, 7, 8])));
  assert.deepEqual(bodyOf(await answer), new Uint8Array([7, 8]));
  connection.close();
});

Deno.test("whatever ends the connection, every pending request is told why", async () => {
  const cases: readonly {
    readonly title: string;
    readonly end: (stream: FakeStream, connection: Connection) => void;
    readonly kind: string;
    readonly reason: string;
  }[] = [
    {
      title: "the broker closes",
      end: (stream) => stream.give(null),
      kind: "closed",
      reason: "the broker closed the connection",
    },
    {
      title: "the broker closes within a response",
      end: (stream) => {
        stream.give(response(1, hello).subarray(0, 10));
        stream.give(null);
      },
      kind: "closed",
      reason: "the broker closed the connection",
    },
    {
      title: "the network fails",
      end: (stream) => stream.fail(new Error("Connection reset by peer")),
      kind: "closed",
      reason: "connection lost: Connection reset by peer",
    },
    {
      title: "we close",
      end: (_, connection) => connection.close(),
      kind: "closed",
      reason: "connection closed",
    },
    {
      title: "the answer is another protocol's",
      end: (stream) => stream.give(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n")),
      kind: "protocol",
      reason: NOT_KAFKA,
    },
    {
      title: "the answer is to another request",
      end: (stream) => stream.give(response(2, hello)),
      kind: "protocol",
      reason: NOT_KAFKA,
    },
    {
      title: "the answer is larger than any",
      end: (stream) => stream.give(Uint8Array.fromHex("7fffffff00000001")),
      kind: "protocol",
      reason: NOT_KAFKA,
    },
    {
      title: "the answer has no size",
      end: (stream) => stream.give(Uint8Array.fromHex("0000000300000001")),
      kind: "protocol",
      reason: NOT_KAFKA,
    },
  ];
  for (const { title, end, kind, reason } of cases) {
    const stream = fakeStream();
    const connection = open(stream);
    const pool = createBufferPool(1 << 20);
    const answers = [connection.send({ ...request, pool }), connection.send(request)];
    end(stream, connection);
    for (const answer of answers) {
      await assert.rejects(answer, isConnectionError(kind, `${name}: ${reason}`), title);
    }
    assert.equal(stream.closed, true, title);
    assert.equal(connection.closed, true, title);
    assert.equal(pool.bytesInUse, 0, title);
    await assert.rejects(connection.send(request), ConnectionError, title);
  }
});

Deno.test("memory that a closed connection may still send from is not used again", async () => {
  for (const written of [false, true]) {
    const gate = Promise.withResolvers<void>();
    if (written) gate.resolve();
    const stream = fakeStream();
    const write = async (bytes: Uint8Array) => {
      // The header goes at once.
      if (bytes.length > 1_000) await gate.promise;
      return bytes.length;
    };
    const connection = open({ ...stream, write });
    const pool = createBufferPool(1 << 21);
    const { bytes, release } = pool.acquire(1 << 20);
    const answer = connection.send({ ...request, body: [bytes] });
    await settle();
    connection.close();
    await assert.rejects(answer, ConnectionError);
    release();
    assert.equal(pool.acquire(1 << 20).bytes === bytes, written);
    gate.resolve();
  }
});

Deno.test("an answer that nobody asked for ends the connection", async () => {
  const stream = fakeStream();
  const connection = open(stream);
  stream.give(response(1, hello));
  while (!connection.closed) await settle();
  await assert.rejects(
    connection.send(request),
    isConnectionError("protocol", `${name}: ${NOT_KAFKA}`),
  );
});

Deno.test("silence ends the connection, slowness does not", async () => {
  const stream = fakeStream();
  const connection = open(stream, 1_000);
  const slow = connection.send(request);
  const bytes = response(1, hello);
  for (let at = 0; at < bytes.length; at++) {
    stream.give(bytes.subarray(at, at + 1));
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  assert.deepEqual(bodyOf(await slow), hello);
  const started = performance.now();
  const silent = connection.send(request);
  await assert.rejects(silent, isConnectionError("silent", `${name}: no answer within 1 s`));
  assert.ok(performance.now() - started > 900);
});

Deno.test("a SASL token goes out and is answered without a header, and requests go on behind it", async () => {
  for (const token of ["", "v=signature"]) {
    const stream = fakeStream();
    const connection = open(stream);
    const sizeAndToken = Uint8Array.fromHex("00000003" + "616263");
    const answered = connection.sendToken(sizeAndToken);
    await settle();
    assert.deepEqual(stream.written.map((bytes) => bytes.toHex()), ["00000003" + "616263"]);
    const body = new TextEncoder().encode(token);
    const size = new Uint8Array(4);
    new DataView(size.buffer).setInt32(0, body.length);
    stream.give(size.subarray(0, 2));
    stream.give(size.subarray(2));
    if (body.length > 0) stream.give(body);
    assert.deepEqual(bodyOf(await answered), body);
    const next = connection.send(request);
    stream.give(response(1, hello));
    assert.deepEqual(bodyOf(await next), hello);
    connection.close();
    await assert.rejects(connection.sendToken(sizeAndToken), ConnectionError);
  }
});

Deno.test("a broker that may keep answers back is waited for while it is there", async () => {
  const stream = fakeStream();
  const connection = open(stream, 300);
  const asked: number[] = [];
  connection.allowLongSilence({
    isAlive: () => Promise.resolve(asked.push(performance.now()) > 0),
    longestMs: 60_000,
  });
  const answered = connection.send(request);
  await new Promise((resolve) => setTimeout(resolve, 1_700));
  assert.ok(asked.length >= 2, "not asked again");
  stream.give(response(1, hello));
  assert.deepEqual(bodyOf(await answered), hello);
  const before = asked.length;
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.equal(asked.length, before, "asked although nothing is awaited");
  connection.close();
});

Deno.test("such a broker is given up where it is not there, or keeps an answer back for too long", async () => {
  for (
    const longSilence of [
      { isAlive: () => Promise.resolve(false), longestMs: 60_000 },
      { isAlive: () => Promise.reject(new Error("no way there")), longestMs: 60_000 },
      { isAlive: () => Promise.resolve(true), longestMs: 1_000 },
    ]
  ) {
    const stream = fakeStream();
    const connection = open(stream, 300);
    connection.allowLongSilence(longSilence);
    await assert.rejects(
      connection.send(request),
      isConnectionError("silent", `${name}: no answer within 1 s`),
    );
    assert.ok(stream.closed);
  }
});
