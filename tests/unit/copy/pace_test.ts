import assert from "node:assert/strict";
import { createPace } from "../../../lib/copy/pace.ts";

const never = () => new AbortController().signal;

Deno.test("without a limit everybody goes at once, in whatever pieces", () => {
  const pace = createPace(undefined, never());
  let went = 0;
  for (let i = 0; i < 3; i++) pace.ask(() => ++went);
  assert.equal(went, 3);
  assert.equal(pace.pieceBytes, undefined);
});

Deno.test("lanes go in the order they asked, each when what went before is paid", async () => {
  const end = new AbortController();
  const pace = createPace(1_000, end.signal);
  const went: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  pace.ask(() => {
    went.push("a");
    pace.ask(() => {
      went.push("a again");
      return 1;
    });
    return 350;
  });
  pace.ask(() => {
    went.push("b");
    resolve();
    return 0;
  });
  assert.deepEqual(went, ["a"], "nobody goes before the first is paid");
  await promise;
  assert.deepEqual(went, ["a", "a again", "b"]);
  end.abort();
});

Deno.test("a signal lets nobody wait any longer", () => {
  const end = new AbortController();
  const pace = createPace(1, end.signal);
  let went = 0;
  pace.ask(() => 1_000_000);
  for (let i = 0; i < 3; i++) pace.ask(() => ++went);
  assert.equal(went, 0);
  end.abort();
  assert.equal(went, 3);
  pace.ask(() => ++went);
  assert.equal(went, 4);
});

Deno.test("bytes given back let the next one go", () => {
  const end = new AbortController();
  const pace = createPace(1_000, end.signal);
  let went = 0;
  pace.ask(() => 1_000_000);
  pace.ask(() => ++went);
  pace.correct(-1_000_000);
  assert.equal(went, 1);
  end.abort();
});
