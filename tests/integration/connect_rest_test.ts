/**
 * The client of Connect's REST API against a server that answers as Connect does while it rebalances, while a worker
 * starts, when it refuses, and as something that is no Connect at all.
 */

import assert from "node:assert/strict";
import { ConnectError, openConnect } from "../../lib/connect/rest.ts";

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** Answers requests one after the other; the last answer stays. */
async function against(
  answers: readonly Response[],
  use: (connect: ReturnType<typeof openConnect>) => Promise<void>,
): Promise<readonly Asked[]> {
  const asked: Asked[] = [];
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => {
      const { pathname, search } = new URL(request.url);
      const answer = answers[Math.min(asked.length, answers.length - 1)] ?? new Response();
      asked.push({ method: request.method, path: pathname + search, body: await request.text() });
      return answer.clone();
    },
  );
  await use(
    openConnect(`http://127.0.0.1:${server.addr.port}/`, new AbortController().signal, 2_000),
  );
  return asked;
}

const json = (value: unknown, status = 200) => Response.json(value, { status });
const busy = () => json({ error_code: 409, message: "Cannot complete request: rebalancing" }, 409);

Deno.test("what may change is asked for again, what is refused is not", async () => {
  const asked = await against(
    [busy(), json({ message: "starting" }, 503), new Response(null, { status: 202 })],
    (connect) => connect.stop("a b"),
  );
  assert.deepEqual(asked.map(({ method, path }) => `${method} ${path}`), [
    ...Array.from({ length: 3 }, () => "PUT /connectors/a%20b/stop"),
  ]);
  const refused = await against(
    [json({ message: "Invalid value\u001b[31m\nat org.apache.kafka.X" }, 400)],
    (connect) =>
      assert.rejects(() => connect.resume("a"), (error) => {
        assert.ok(error instanceof ConnectError);
        assert.match(
          error.message,
          /answers 400 to PUT \/connectors\/a\/resume: Invalid value\\u001b/,
        );
        assert.doesNotMatch(error.message, /org\.apache/);
        return true;
      }),
  );
  assert.equal(refused.length, 1);
  await against([busy()], (connect) => assert.rejects(() => connect.stop("a"), /answers 409/));
});

Deno.test("what is no Connect is said to be none, and nobody is sent elsewhere", async () => {
  await against(
    [new Response("<html>")],
    (connect) =>
      assert.rejects(
        () => connect.about(),
        /answers 200 to GET \/: nothing that Connect would say/,
      ),
  );
  await against(
    [json({ hello: 1 })],
    (connect) => assert.rejects(() => connect.about(), /is not Kafka Connect/),
  );
  const asked = await against([
    new Response(null, { status: 302, headers: { location: "/elsewhere" } }),
  ], (connect) => assert.rejects(() => connect.about(), /answers 302/));
  assert.deepEqual(asked.map(({ path }) => path), ["/"]);
});

Deno.test("offsets are one further than Connect stores them, both ways", async () => {
  await against([json({
    offsets: [
      { partition: { cluster: "a", topic: "t", partition: 3 }, offset: { offset: 41 } },
      { partition: { something: "else" }, offset: null },
      { partition: { cluster: "another", topic: "t", partition: 4 }, offset: { offset: 7 } },
    ],
  })], async (connect) => {
    assert.deepEqual(await connect.offsets("a"), new Map([["t-3", 42n]]));
  });
  const [asked] = await against(
    [json({ message: "altered" })],
    (connect) => connect.storeOffsets("a", [{ topic: "t", partition: 3, nextOffset: 42n }]),
  );
  assert.deepEqual(JSON.parse(asked?.body ?? ""), {
    offsets: [
      { partition: { cluster: "a", topic: "t", partition: 3 }, offset: { offset: 41 } },
    ],
  });
});

Deno.test("a connector is created once, however often that has to be asked for", async () => {
  const none = json({ error_code: 404, message: "No status" }, 404);
  const there = json({ connector: { state: "STOPPED", worker_id: "w:1" }, tasks: [] });
  const asked = await against(
    [none, busy(), none, json({ name: "a" }, 201), none, busy(), there],
    (connect) => connect.create("a", { "tasks.max": "1" }),
  );
  assert.deepEqual(asked.map(({ method }) => method), [
    ...["GET", "POST", "GET", "POST", "GET", "POST", "GET"],
  ]);
  assert.deepEqual(JSON.parse(asked[1]?.body ?? ""), {
    ...{ name: "a", config: { "tasks.max": "1" }, initial_state: "STOPPED" },
  });
});

/** As Java prints it: each cause behind the one that it caused, those of one line too. */
const trace = `X: failed
	at Y
Caused by: Y: failed
	at Z
	... 14 more
Caused by: Z: no such key
`;

const jaas = `X: failed
Caused by: java.lang.IllegalArgumentException: Value not specified for key 'rest'of-it' in JAAS config
	at Y
`;

Deno.test("a connector that is gone is no error, failed tasks show what their trace says first and last", async () => {
  const none = json({ error_code: 404, message: "No status" }, 404);
  await against([none], async (connect) => {
    assert.equal(await connect.status("a"), undefined);
    await connect.remove("a");
  });
  await against([json({
    connector: { state: "RUNNING", worker_id: "w:1" },
    tasks: [
      { id: 0, state: "FAILED", worker_id: "w:2", trace: "X: no\n\tat Y" },
      { id: 1, state: "FAILED", worker_id: "w:2", trace },
      { id: 2, state: "FAILED", worker_id: "w:2", trace: jaas },
    ],
  })], async (connect) => {
    assert.deepEqual(await connect.status("a"), {
      connector: { state: "RUNNING", worker: "w:1" },
      tasks: [
        { state: "FAILED", worker: "w:2", trace: "X: no" },
        { state: "FAILED", worker: "w:2", trace: "X: failed, caused by Z: no such key" },
        {
          state: "FAILED",
          worker: "w:2",
          // A password with a quote that is not escaped ends there; what follows is taken for a key.
          trace:
            "X: failed, caused by java.lang.IllegalArgumentException: Value not specified for key *** in JAAS config",
        },
      ],
    });
  });
});
