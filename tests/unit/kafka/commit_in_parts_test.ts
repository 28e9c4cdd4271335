/** commit_in_parts.ts: parts are halved where a broker refuses them as a whole, and only what is refused alone stays so. */

import assert from "node:assert/strict";
import { KAFKA_ERRORS, type KafkaErrorName } from "../../../lib/model/kafka_error.ts";
import { formatTopicPartition } from "../../../lib/model/topic_partition.ts";
import {
  beginCommit,
  commitRound,
  type OffsetToCommit,
  refuseAll,
} from "../../../lib/kafka/commit_in_parts.ts";

const positions = (count: number, metadata = "", topic = "t"): readonly OffsetToCommit[] =>
  Array.from({ length: count }, (_, partition) => ({ topic, partition, offset: 1n, metadata }));

/** A broker with rules; it stores all of a request or nothing, but for those that a rule singles out. */
function broker(rules: {
  readonly all?: (part: readonly OffsetToCommit[]) => KafkaErrorName | undefined;
  readonly each?: (position: OffsetToCommit) => KafkaErrorName | undefined;
}) {
  const stored = new Map<string, string>();
  const requests: number[] = [];
  const send = (part: readonly OffsetToCommit[]) => {
    requests.push(part.length);
    const refused = rules.all?.(part);
    return Promise.resolve(
      new Map(part.map((each) => {
        const name = refused ?? rules.each?.(each);
        const key = formatTopicPartition(each);
        if (name === undefined) stored.set(key, each.metadata);
        return [key, name === undefined ? 0 : KAFKA_ERRORS[name]];
      })),
    );
  };
  return { send, stored, requests };
}

Deno.test("positions go out in parts of at most 500, and of less where names and texts are long", async () => {
  const many = broker({});
  const { left, problems } = await commitRound(beginCommit(positions(1_200)), "g", many.send);
  assert.deepEqual([left.length, problems.size], [0, 0]);
  assert.deepEqual(many.requests, [500, 500, 200]);
  const long = broker({});
  const begun = beginCommit(positions(100, "x".repeat(4_000), "t".repeat(249)));
  await commitRound(begun, "g".repeat(1_000), long.send);
  assert.deepEqual([long.stored.size, Math.max(...long.requests)], [100, 47]);
});

for (
  const name of ["UNKNOWN_SERVER_ERROR", "INVALID_COMMIT_OFFSET_SIZE", "MESSAGE_TOO_LARGE"] as const
) {
  Deno.test(`a part refused by ${name} is halved until it is taken`, async () => {
    const { send, stored, requests } = broker({
      all: (part) => part.length > 60 ? name : undefined,
    });
    const { left, problems } = await commitRound(beginCommit(positions(400)), "g", send);
    assert.deepEqual([left.length, problems.size, stored.size], [0, 0, 400]);
    assert.equal(requests.filter((size) => size > 60).length, 7);
  });
}

Deno.test("one position that is refused leaves the others committed, and is named alone", async () => {
  const { send, stored } = broker({
    all: (part) =>
      part.some(({ partition }) => partition === 123) ? "INVALID_COMMIT_OFFSET_SIZE" : undefined,
  });
  const { left, problems } = await commitRound(beginCommit(positions(400)), "g", send);
  assert.equal(stored.size, 399);
  assert.deepEqual(left, []);
  assert.deepEqual([...problems], [["t-123", KAFKA_ERRORS.INVALID_COMMIT_OFFSET_SIZE]]);
});

Deno.test("a text that is refused is left out, the others stay", async () => {
  const { send, stored } = broker({
    each: ({ metadata }) => metadata.length > 10 ? "OFFSET_METADATA_TOO_LARGE" : undefined,
  });
  const offsets = [...positions(1, "long ".repeat(3)), ...positions(2, "short").slice(1)];
  const { problems, withoutMetadata } = await commitRound(beginCommit(offsets), "g", send);
  assert.equal(problems.size, 0);
  assert.deepEqual([...withoutMetadata], ["t-0"]);
  assert.deepEqual([...stored], [["t-1", "short"], ["t-0", ""]]);
});

Deno.test("a text with which alone a position is more than the target stores is left out, after some tries", async () => {
  const { send, stored } = broker({
    all: (part) =>
      part.some(({ metadata }) => metadata.length > 10) ? "UNKNOWN_SERVER_ERROR" : undefined,
  });
  const offsets = [...positions(1, "long ".repeat(3)), ...positions(3, "short").slice(1)];
  let state = await commitRound(beginCommit(offsets), "g", send);
  assert.deepEqual(state.left.map(({ partition }) => partition), [0]);
  assert.equal(state.withoutMetadata.size, 0);
  for (let round = 2; round <= 3; round++) state = await commitRound(state, "g", send);
  assert.deepEqual([...state.withoutMetadata], ["t-0"]);
  assert.deepEqual([state.left.length, state.problems.size], [0, 0]);
  assert.equal(stored.get("t-0"), "");
});

Deno.test("an error that passes is tried again in the next round, with the text", async () => {
  let calls = 0;
  const { send, stored } = broker({
    all: () => ++calls === 1 ? "COORDINATOR_LOAD_IN_PROGRESS" : undefined,
  });
  const first = await commitRound(beginCommit(positions(3, "text")), "g", send);
  assert.deepEqual([first.left.length, first.problems.size], [3, 3]);
  const second = await commitRound(first, "g", send);
  assert.deepEqual([second.left.length, second.problems.size], [0, 0]);
  assert.deepEqual([...stored.values()], ["text", "text", "text"]);
});

Deno.test("a broker that refuses whatever it gets is not asked for each position", async () => {
  const { send, requests } = broker({ all: () => "UNKNOWN_SERVER_ERROR" });
  const { left, problems } = await commitRound(beginCommit(positions(3_000)), "g", send);
  assert.deepEqual([left.length, problems.size], [3_000, 3_000]);
  assert.ok(requests.length < 60, `${requests.length} requests`);
});

Deno.test("what an answer leaves out is not taken for committed", async () => {
  const { left, problems } = await commitRound(
    beginCommit(positions(1)),
    "g",
    () => Promise.resolve(new Map()),
  );
  assert.deepEqual([left.length, problems.size], [1, 1]);
});

Deno.test("a coordinator that refuses for good, or for now, is told of each position", () => {
  const begun = beginCommit(positions(2));
  const refused = refuseAll(begun, KAFKA_ERRORS.GROUP_AUTHORIZATION_FAILED);
  assert.deepEqual([refused.left.length, refused.problems.size], [0, 2]);
  const absent = refuseAll(begun, KAFKA_ERRORS.COORDINATOR_NOT_AVAILABLE);
  assert.deepEqual([absent.left.length, absent.problems.size], [2, 2]);
});
