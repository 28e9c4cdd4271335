import assert from "node:assert/strict";
import { jsonSchema } from "../../../lib/config/schema.ts";

type Schema = {
  readonly properties: Readonly<Record<string, Schema>>;
  readonly required: readonly string[];
  readonly additionalProperties: boolean;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
};

Deno.test("jsonSchema() describes the file as it is written: every key, three required, no others", () => {
  const schema = jsonSchema() as Schema;
  assert.deepEqual(Object.keys(schema.properties), [
    "checkFlag",
    "source",
    "target",
    "topics",
    "groups",
    "uncommitted",
    "createTopics",
    "groupOffsets",
    "verify",
    "nonEmptyTarget",
    "accept",
    "limits",
    "ranges",
    "engine",
  ]);
  assert.deepEqual(schema.required, ["checkFlag", "source", "target"]);
  assert.equal(schema.additionalProperties, false);
  assert.deepEqual(schema.properties["checkFlag"]?.enum, [0, 1]);
  assert.equal(schema.properties["limits"]?.properties["giveUpAfter"]?.default, "10m");
});
