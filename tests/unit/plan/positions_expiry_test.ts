/** positions_expiry.ts: until when consumers must have started on the target, as far as it is known. */

import assert from "node:assert/strict";
import {
  expirySentence,
  positionsExpiry,
  smallestSettings,
} from "../../../lib/plan/positions_expiry.ts";

Deno.test("smallestSettings() takes the smallest of what brokers tell", () => {
  assert.deepEqual(smallestSettings([]), {});
  assert.deepEqual(
    smallestSettings([{ retentionMinutes: 10 }, {}, { retentionMinutes: 5, maxMetadataLength: 9 }]),
    { retentionMinutes: 5, maxMetadataLength: 9 },
  );
});

Deno.test("positionsExpiry() says no time where the retention or the commit is not known", () => {
  const at = new Date("2026-12-01T23:00:30.000Z");
  assert.deepEqual(positionsExpiry({}, at), {});
  assert.deepEqual(positionsExpiry({ retentionMinutes: 60 }, undefined), { retentionMinutes: 60 });
  assert.deepEqual(positionsExpiry({ retentionMinutes: 90, maxMetadataLength: 1 }, at), {
    retentionMinutes: 90,
    startConsumersBefore: "2026-12-02T00:30:30.000Z",
  });
});

Deno.test("expirySentence() tells what is known", () => {
  const startConsumersBefore = "2026-12-02T00:30:59.999Z";
  const table = [
    [{}, /soon: .* could not be read \(7 d by Kafka's default/],
    [{ retentionMinutes: 90 }, /in time: .* expire 1 h 30 min after they were committed/],
    [
      { retentionMinutes: 10_080, startConsumersBefore },
      /before 2026-12-02 00:30 UTC: .* expire 7 d after/,
    ],
  ] as const;
  for (const [expiry, says] of table) assert.match(expirySentence(expiry), says);
});
