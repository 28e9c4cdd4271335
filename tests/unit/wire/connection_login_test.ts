/**
 * Logins that are valid for a limited time: renewed on the same connection before the next request, which waits, with
 * all that follow it, in order.
 */

import assert from "node:assert/strict";
import { Connection } from "../../../lib/wire/connection.ts";
import type { ByteStream, RequestChannel } from "../../../lib/wire/request_channel.ts";
import { ConnectionError } from "../../../lib/wire/connection_error.ts";

const address = { advertised: "broker:9092", dialled: "broker:9092" };
const LOGIN = 17;
const WORK = 1;

/** A broker that answers every request with nothing, in order; `apiKeys` is what it was sent. */
function answeringStream(): ByteStream & { readonly apiKeys: readonly number[] } {
  const apiKeys: number[] = [];
  const answers: Uint8Array[] = [];
  let wake = () => {};
  let closed = false;
  return {
    apiKeys,
    async read(into) {
      while (answers.length === 0 && !closed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const answer = answers.shift();
      if (answer === undefined) return null;
      into.set(answer);
      return answer.length;
    },
    write(bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      apiKeys.push(view.getInt16(4) * 1000 + (bytes.at(-1) ?? 0));
      const answer = new Uint8Array(8);
      answer[3] = 4;
      answer.set(bytes.subarray(8, 12), 4);
      answers.push(answer);
      wake();
      return Promise.resolve(bytes.length);
    },
    close() {
      closed = true;
      wake();
    },
  };
}

const request = (apiKey: number, number = 0) => ({
  apiKey,
  apiVersion: 0,
  body: [new Uint8Array([number])],
});

const open = (stream: ByteStream) =>
  new Connection(stream, { address, clientId: "", requestTimeoutMs: 10_000 });

/** Two requests, as SaslHandshake and SaslAuthenticate are. */
const loginFor = (lifetimeMs: number) => async (channel: RequestChannel) => {
  await channel.send(request(LOGIN, 1));
  await channel.send(request(LOGIN, 2));
  return lifetimeMs;
};

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("a login without an end is never renewed", async () => {
  const stream = answeringStream();
  const connection = open(stream);
  await connection.logIn(loginFor(0));
  await wait(30);
  await connection.send(request(WORK));
  assert.deepEqual(stream.apiKeys, [17001, 17002, 1000]);
  connection.close();
});

Deno.test("requests wait for the renewal, in order, and one renewal does for all of them", async () => {
  const stream = answeringStream();
  const connection = open(stream);
  await connection.logIn(loginFor(1_000));
  await connection.send(request(WORK, 1));
  await wait(850);
  const sent = [2, 3, 4].map((number) => connection.send(request(WORK, number)));
  assert.equal(connection.inFlight, 4);
  // Something that is sent just when the renewal ends must not overtake those before it.
  const last = sent[0]?.then(() => connection.send(request(WORK, 5)));
  await Promise.all([...sent, last]);
  assert.deepEqual(stream.apiKeys, [17001, 17002, 1001, 17001, 17002, 1002, 1003, 1004, 1005]);
  connection.close();
});

Deno.test("the time of a login counts from when it was asked for", async () => {
  const stream = answeringStream();
  const connection = open(stream);
  let times = 0;
  await connection.logIn(async (channel) => {
    if (++times === 1) await wait(60);
    return await loginFor(50)(channel);
  });
  await connection.send(request(WORK));
  assert.deepEqual(stream.apiKeys, [17001, 17002, 17001, 17002, 1000]);
  connection.close();
});

Deno.test("a renewal that was under way for longer than it is valid is renewed before anything is sent", async () => {
  const stream = answeringStream();
  const connection = open(stream);
  let times = 0;
  await connection.logIn(async (channel) => {
    const lifetimeMs = await loginFor(40)(channel);
    if (++times === 2) await wait(60);
    return lifetimeMs;
  });
  await wait(50);
  await connection.send(request(WORK));
  assert.deepEqual(stream.apiKeys, [17001, 17002, 17001, 17002, 17001, 17002, 1000]);
  connection.close();
});

Deno.test("where every login takes longer than it is valid, what waits is sent all the same", async () => {
  const stream = answeringStream();
  const connection = open(stream);
  await connection.logIn(async (channel) => {
    const lifetimeMs = await loginFor(5)(channel);
    await wait(10);
    return lifetimeMs;
  });
  await connection.send(request(WORK));
  assert.equal(stream.apiKeys.filter((apiKey) => apiKey === 1000).length, 1);
  connection.close();
});

Deno.test("a renewal that is refused ends the connection, and whoever waits is told why", async () => {
  const stream = answeringStream();
  const connection = open(stream);
  let times = 0;
  const refusal = new ConnectionError("authentication", address, "refused");
  await connection.logIn((channel) =>
    times++ === 0 ? loginFor(20)(channel) : Promise.reject(refusal)
  );
  await wait(25);
  const sent = [connection.send(request(WORK)), connection.send(request(WORK))];
  for (const each of sent) await assert.rejects(each, refusal);
  assert.equal(connection.closed, true);
  assert.deepEqual(stream.apiKeys, [17001, 17002]);
  await assert.rejects(connection.send(request(WORK)), refusal);
});
