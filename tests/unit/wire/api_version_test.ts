/**
 * The table of requests, and what follows from it for a broker: the version that is taken, and what is said to be
 * missing.
 */

import assert from "node:assert/strict";
import DeleteTopics from "kafkajs/src/protocol/requests/deleteTopics/index.js";
import DescribeConfigs from "kafkajs/src/protocol/requests/describeConfigs/index.js";
import FindCoordinator from "kafkajs/src/protocol/requests/findCoordinator/index.js";
import Heartbeat from "kafkajs/src/protocol/requests/heartbeat/index.js";
import InitProducerId from "kafkajs/src/protocol/requests/initProducerId/index.js";
import OffsetCommit from "kafkajs/src/protocol/requests/offsetCommit/index.js";
import kafkajsKeys from "kafkajs/src/protocol/requests/apiKeys.js";
import {
  type ApiVersionTable,
  missingVersions,
  requireVersion,
  speaks,
  supportedVersion,
} from "../../../lib/wire/api_version.ts";
import { type Api, type ApiName, APIS } from "../../../lib/protocol/apis.ts";
import type { RequestChannel } from "../../../lib/wire/request_channel.ts";
import { ConnectionError } from "../../../lib/wire/connection_error.ts";

const apis: readonly (readonly [ApiName, Api])[] = Object.entries(APIS) as [ApiName, Api][];

/** Largest versions by API name; the smallest is 0 unless told. */
function speaking(
  most: Partial<Record<ApiName, number | readonly [number, number]>>,
): ApiVersionTable {
  return new Map((Object.entries(most) as [ApiName, number | readonly [number, number]][]).map(
    ([name, range]) => {
      const [min, max] = typeof range === "number" ? [0, range] : range;
      return [APIS[name].key, { min, max }];
    },
  ));
}

/** As the brokers answered. */
const KAFKA_0_10_2 = speaking({
  ...{ Produce: 2, Fetch: 3, ListOffsets: 1, Metadata: 2, OffsetCommit: 2, OffsetFetch: 2 },
  ...{ FindCoordinator: 0, Heartbeat: 0, DescribeGroups: 0, ListGroups: 0, CreateTopics: 1 },
});
const KAFKA_1_1 = speaking({
  ...{ Produce: 5, Fetch: 7, ListOffsets: 2, Metadata: 5, OffsetCommit: 3, OffsetFetch: 3 },
  ...{ FindCoordinator: 1, Heartbeat: 1, DescribeGroups: 1, ListGroups: 1, CreateTopics: 2 },
  ...{ InitProducerId: 0, DescribeConfigs: 1, DescribeLogDirs: 0, SaslAuthenticate: 0 },
});
const KAFKA_4_1 = speaking({
  ...{ Produce: [0, 13], Fetch: [4, 18], ListOffsets: [1, 11], Metadata: [0, 13] },
  ...{ OffsetCommit: [2, 10], OffsetFetch: [1, 10], ListGroups: 5, CreateTopics: [2, 7] },
  ...{ InitProducerId: 6 },
});

Deno.test("every floor lies within what is written here, and its Kafka release is known", () => {
  for (const [name, { key, min, max, floor, since }] of apis) {
    assert.ok(min <= max, name);
    const named = [min, ...Object.values(floor ?? {})];
    for (const version of named) {
      assert.ok(version >= min && version <= max, `${name} ${version}`);
      assert.match(since[version] ?? "", /^\d+\.\d+/, `${name} ${version}`);
    }
    const theirs = Object.entries(kafkajsKeys).find(([, theirKey]) => theirKey === key)?.[0];
    if (theirs !== undefined && !["GroupCoordinator", "Fetch"].includes(theirs)) {
      assert.equal(theirs, name);
    }
  }
});

Deno.test("what kafkajs encodes has kafkajs's versions", () => {
  const theirs = {
    ...{ DeleteTopics, DescribeConfigs, FindCoordinator, Heartbeat, InitProducerId, OffsetCommit },
  };
  for (const [name, { versions }] of Object.entries(theirs)) {
    const { min, max } = APIS[name as keyof typeof theirs];
    const numbers = (versions as readonly string[]).map(Number);
    assert.deepEqual([min, max], [Math.min(...numbers), Math.max(...numbers)], name);
  }
});

Deno.test("the newest version is taken that both speak", () => {
  const fetched = [KAFKA_0_10_2, KAFKA_1_1, KAFKA_4_1].map((versions) =>
    supportedVersion({ versions }, "Fetch")
  );
  assert.deepEqual(fetched, [3, 7, 11]);
  const oldest = { versions: KAFKA_0_10_2 };
  assert.equal(supportedVersion(oldest, "DescribeConfigs"), undefined);
  assert.equal(supportedVersion(oldest, "Metadata", { from: 8, to: 10 }), undefined);
  assert.equal(supportedVersion({ versions: KAFKA_4_1 }, "Metadata", { from: 8, to: 10 }), 10);
  assert.equal(supportedVersion({ versions: KAFKA_1_1 }, "FetchById"), undefined);
  assert.equal(supportedVersion({ versions: KAFKA_4_1 }, "FetchById"), 13);
});

Deno.test("a version that is not written here can be asked about", () => {
  assert.equal(speaks({ versions: KAFKA_4_1 }, "ListOffsets", 5), true);
  assert.equal(speaks({ versions: KAFKA_1_1 }, "ListOffsets", 5), false);
  assert.equal(speaks({ versions: KAFKA_0_10_2 }, "DescribeConfigs", 0), false);
});

Deno.test("what a broker lacks is named by request, version and the release that brought it", () => {
  for (const versions of [KAFKA_0_10_2, KAFKA_1_1, KAFKA_4_1]) {
    assert.equal(missingVersions(versions, "source"), undefined);
  }
  for (const versions of [KAFKA_1_1, KAFKA_4_1]) {
    assert.equal(missingVersions(versions, "target"), undefined);
  }
  const before1 = new Map([...KAFKA_1_1, [APIS.Produce.key, { min: 0, max: 3 }]]);
  assert.equal(missingVersions(before1, "target"), "Produce 5, which Kafka 1.0 brought");
  assert.match(
    missingVersions(KAFKA_0_10_2, "target") ?? "",
    /\bFetch 4, which Kafka 0\.11\.0 brought/,
  );
  const older = new Map([...KAFKA_0_10_2, [APIS.OffsetFetch.key, { min: 0, max: 1 }]]);
  assert.equal(missingVersions(older, "source"), "OffsetFetch 2, which Kafka 0.10.2 brought");
  const service = new Map([...older, [APIS.Fetch.key, { min: 0, max: 2 }]]);
  assert.equal(
    missingVersions(service, "source"),
    "Fetch 3, which Kafka 0.10.1 brought, nor OffsetFetch 2, which Kafka 0.10.2 brought",
  );
});

Deno.test("a broker that has left behind what is written here is not taken for an old one", () => {
  const versions = new Map([...KAFKA_4_1, [APIS.ListOffsets.key, { min: 6, max: 20 }]]);
  assert.equal(
    missingVersions(versions, "source"),
    "ListOffsets 3 or below any more (it speaks 6 to 20)",
  );
});

Deno.test("a request that a broker does not speak is refused with its name", () => {
  const address = { advertised: "broker:9092", dialled: "broker:9092" };
  const connection = { address } as RequestChannel;
  const error = (() => {
    try {
      return requireVersion({ connection, versions: KAFKA_0_10_2 }, "DescribeLogDirs");
    } catch (error) {
      return error;
    }
  })();
  assert.ok(error instanceof ConnectionError);
  assert.equal(error.kind, "unsupported");
  assert.equal(
    error.reason,
    "the broker does not speak DescribeLogDirs 0, which Kafka 1.0 brought",
  );
});
