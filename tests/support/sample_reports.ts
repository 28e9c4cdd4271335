/**
 * Reports to be looked at: made by the same functions as real ones, from plans and results that are made up. Refuses to
 * stand in for reports of real runs, which tests/integration/report_test.ts has.
 */

import { failure } from "../../lib/model/failure.ts";
import { estimatePlan } from "../../lib/plan/estimate.ts";
import { type Finding, finding } from "../../lib/model/finding.ts";
import { type GroupOffset, wantedPositions } from "../../lib/plan/group_offsets.ts";
import type { Plan } from "../../lib/plan/plan.ts";
import { buildReport, type Report, type RunFacts } from "../../lib/report/report.ts";
import {
  checkIdentity,
  type SinceLastCheck,
  sinceLastCheck,
} from "../../lib/plan/since_last_check.ts";
import type { ThroughputSample } from "../../lib/report/throughput.ts";
import { formatTopicPartition } from "../../lib/model/topic_partition.ts";
import { type CountEvidence, type Verification, verifyCount } from "../../lib/verify/verify.ts";
import { cluster, group, log, plan } from "../unit/plan/fixtures.ts";

const FACTS = {
  runId: "20221103T150208-4f3a",
  configPath: "/opt/migration/migration.yaml",
  version: "0.1.0",
  startedAt: "2022-11-03T15:02:08.123Z",
  finishedAt: "2022-11-03T15:19:41.904Z",
  durationMs: 1_053_781,
  source: {
    clusterId: "MkU3OEVBNTcwNTJENDM2Qk",
    bootstrapServers: ["10.0.0.1:9092", "10.0.0.2:9092"],
  },
  target: { clusterId: "vPeOCWypqUOSepEvx0cbog", bootstrapServers: ["10.0.1.1:9092"] },
  interrupted: false,
} as const;

const CONFIGURATION = {
  checkFlag: 1,
  source: {
    bootstrapServers: ["10.0.0.1:9092", "10.0.0.2:9092"],
    tls: false,
    sasl: { mechanism: "SCRAM-SHA-512", username: "ckafka-1a2b#mover", password: "(secret)" },
  },
  target: { bootstrapServers: ["10.0.1.1:9092"], tls: false },
  topics: { include: ["test*", "orders-*"], exclude: [] },
  limits: { bytesPerSecond: 50_000_000, giveUpAfter: "600s" },
  groupOffsets: "commit",
  engine: "local",
};

/** What a topic's partitions hold: log start, committed offset, end. */
type Logs = readonly (readonly [number, number, number])[];

/** A run over topics; `evidence` may change what came of a partition, `undefined` for a check. */
function reportOver(
  topics: Readonly<Record<string, Logs>>,
  groups: Readonly<Record<string, readonly string[]>>,
  more: Partial<RunFacts>,
  evidence?: (item: CountEvidence) => CountEvidence,
): Report {
  const source = cluster(
    Object.fromEntries(
      Object.entries(topics).map(([topic, logs]) => [
        topic,
        logs.map(([start, , end]) => [start, end] as const),
      ]),
    ),
    Object.entries(groups).map(([name, read], index) =>
      group(
        name,
        Object.fromEntries(
          read.map((topic) => [
            topic,
            (topics[topic] ?? []).map(([, committed, end]) =>
              index === 0 ? committed : Math.min(end, committed + 40_000)
            ),
          ]),
        ),
      )
    ),
  );
  const planned = plan(source);
  const results = evidence && verifyCount(
    planned.partitions,
    planned.partitions.filter(({ offsets }) => offsets > 0n).map((each) =>
      evidence({
        topic: each.topic,
        partition: each.partition,
        nextSourceOffset: each.endOffset,
        recordsRead: each.offsets,
        recordsProduced: each.offsets,
        batchesLeftOut: 0,
        targetFirstOffset: 0n,
        targetNextOffset: each.offsets,
        targetLogStartOffset: log(0, 0).logStartOffset,
        targetHighWatermark: each.offsets,
      })
    ),
  );
  return buildReport({
    ...FACTS,
    mode: evidence === undefined ? "check" : "migrate",
    findings: [],
    plan: planned,
    configuration: CONFIGURATION,
    estimate: estimatePlan(
      planned,
      new Map(
        planned.partitions.map((each) => [
          formatTopicPartition(each),
          (each.log.highWatermark - each.log.logStartOffset) * 412n,
        ]),
      ),
      CONFIGURATION.limits.bytesPerSecond,
    ),
    ...since(planned),
    ...(results !== undefined && {
      results,
      groupOffsets: positions(planned, results),
      positionsExpiry: {
        retentionMinutes: 10_080,
        startConsumersBefore: "2022-11-10T15:19:40.120Z",
      },
      throughput: { intervalMs: 2_000, samples: samples() },
      changes: {
        topicsCreated: [],
        records: results.partitions.flatMap(({ topic, partition, recordsProduced: records }) =>
          records === 0n ? [] : [{ topic, partition, records, baseOffset: 0n, endOffset: records }]
        ),
      },
    }),
    ...more,
  });
}

/** As after a check some time ago: the last topic was not there, another was, and groups have moved or come. */
function since(now: Plan): { readonly sinceLastCheck: SinceLastCheck } | undefined {
  const last = now.partitions.at(-1);
  const partitions = now.partitions.filter(({ topic }) => topic !== last?.topic)
    .map(({ topic, partition, offsets, groups }) => ({
      topic,
      partition,
      offsets: offsets - offsets / 10n,
      groups: groups.filter((_, index) => index === 0),
    }));
  const gone = { topic: "retired", partition: 0, offsets: 17n, groups: [{ group: "nightly" }] };
  const clusters = { source: FACTS.source.clusterId, target: FACTS.target.clusterId };
  const found = sinceLastCheck(
    {
      runId: "20221102T090000-11aa",
      startedAt: "2022-11-02T09:00:00.000Z",
      of: checkIdentity(clusters, "migration.yaml", {}),
      partitions: [...partitions, gone],
    },
    now,
    checkIdentity(clusters, "migration.yaml", {}),
  );
  return found && { sinceLastCheck: found };
}

/** Positions that were committed; where they were not verified, left, and here and there one further on. */
function positions(planned: Plan, { partitions }: Verification): readonly GroupOffset[] {
  const bad = new Map(
    partitions.filter(({ status }) => status === "failed" || status === "lost")
      .map((each) => [formatTopicPartition(each), each]),
  );
  const starts = new Map(
    planned.partitions.map((each) => [formatTopicPartition(each), each.startOffset]),
  );
  return wantedPositions(planned).map((each, index) => {
    const key = formatTopicPartition(each);
    const left = bad.get(key);
    if (left !== undefined) {
      const { reason = "lost", code = "PARTITION_NOT_VERIFIED" } = left;
      return { ...each, status: "left", reason, code };
    }
    const behind = each.sourceOffset - (starts.get(key) ?? 0n);
    const targetOffset = behind > 0n ? behind : 0n;
    const place = { ...each, targetOffset };
    if (index % 9 === 8) {
      const there = targetOffset + 12n;
      return { ...place, before: there, after: there, status: "further" };
    }
    return {
      ...place,
      ...(index % 5 === 0 && { before: targetOffset / 2n }),
      ...(index % 7 === 6 && { metadataLeftOut: "counts offsets" }),
      after: targetOffset,
      status: "committed",
    };
  });
}

/** A copy that starts up, is throttled for a while, and ends. */
function samples(): readonly ThroughputSample[] {
  let bytes = 0;
  let noise = 1;
  return Array.from({ length: 240 }, (_, index) => {
    const speed = Math.min(1, index / 12) * (index > 120 && index < 150 ? 22e6 : 58e6);
    noise = noise * 16_807 % 2_147_483_647;
    bytes += index === 0 ? 0 : Math.round(speed * 4 * (0.94 + 0.12 * noise / 2_147_483_647));
    return { elapsedMs: index * 4_000, bytes, records: BigInt(Math.round(bytes / 412)) };
  });
}

const WARNINGS: readonly Finding[] = [
  finding(
    "MESSAGES_EXPIRED",
    { cluster: "source", topic: "test1", partitions: [0] },
    "1,513 messages of topic test1, partition 0 expired before group test123-group had consumed them",
    "Nothing can bring them back: tell the owners of the group",
  ),
  finding(
    "GROUP_ACTIVE",
    { cluster: "source", groups: ["billing"] },
    "Group billing still has members on the source",
    "Stop its consumers before they are moved, then run the same command again",
  ),
];

const EXAMPLE: Readonly<Record<string, Logs>> = {
  test1: [[5226, 3713, 5226]],
  test2: [[0, 9_500, 12_000], [0, 4_100, 9_050], [0, 7_000, 7_000]],
  test3: [[0, 187_800, 264_322]],
  test4: [[0, 18_250, 30_000], [640, 512, 8_800]],
  "orders-eu": Array.from(
    { length: 12 },
    (_, p) => [0, 900_000 + p * 1_311, 4_200_000 + p * 90_417],
  ),
  "orders-us": Array.from(
    { length: 12 },
    (_, p) => [0, 400_000 + p * 977, 2_100_000 + p * 51_130],
  ),
  payments: Array.from({ length: 6 }, (_, p) => [120_000, 500_000, 1_350_000 + p * 20_111]),
  "clicks.raw": Array.from({ length: 24 }, (_, p) => [0, 88_000, 760_000 + p * 7_919]),
};
const EXAMPLE_GROUPS = {
  "test123-group": ["test1", "test2", "test3"],
  "test34-group": ["test3", "test4"],
  billing: ["orders-eu", "orders-us", "payments"],
  "click-stream": ["clicks.raw"],
};

/** A finished migration of ordinary size, with warnings. */
export const migratedReport = (): Report =>
  reportOver(EXAMPLE, EXAMPLE_GROUPS, { findings: WARNINGS }, (item) => item);

/** The check before it. */
export const checkReport = (): Report =>
  reportOver(EXAMPLE, EXAMPLE_GROUPS, { findings: WARNINGS });

/** A migration with a failed and a lost partition. */
export const failedReport = (): Report =>
  reportOver(EXAMPLE, EXAMPLE_GROUPS, { findings: WARNINGS }, (item) => {
    if (item.topic === "payments" && item.partition === 2) {
      return {
        ...item,
        nextSourceOffset: 600_000n,
        recordsRead: 100_000n,
        recordsProduced: 100_000n,
        failed: failure(
          "BROKER_UNREACHABLE",
          "The target gave no acknowledgement for 10 min: broker 2 (10.0.1.2:9092) unreachable",
        ),
      };
    }
    if (item.topic === "test2" && item.partition === 1) {
      return { ...item, lost: [{ startOffset: 4_100n, endOffset: 4_900n }] };
    }
    return item;
  });

/** A run that was blocked before it had a plan. */
export const blockedReport = (): Report =>
  buildReport({
    ...FACTS,
    mode: "migrate",
    durationMs: 812,
    source: { bootstrapServers: FACTS.source.bootstrapServers },
    findings: [
      finding(
        "BROKER_UNREACHABLE",
        { cluster: "source" },
        "Broker 10.0.0.2:9092 can't be reached: connection refused",
        "Check the address and the firewall between here and there",
      ),
    ],
    configuration: CONFIGURATION,
  });

/** So many partitions, in topics of a hundred. */
export const largeReport = (partitions: number): Report => {
  const topics = Object.fromEntries(
    Array.from({ length: Math.ceil(partitions / 100) }, (_, topic) => [
      `topic-${String(topic).padStart(3, "0")}`,
      Array.from(
        { length: Math.min(100, partitions - topic * 100) },
        (_, p) => [0, p, p + ((topic * 7919 + p * 104_729) % 100_003)] as const,
      ),
    ]),
  );
  return reportOver(topics, { everything: Object.keys(topics) }, {}, (item) => item);
};

/** What someone may call things who wants the page to do something else. */
export const HOSTILE_NAMES: readonly string[] = [
  `</script><script>document.title="pwned"</script>`,
  `"><img src=x onerror="document.title='pwned'">`,
  `<!--<script>`,
  `' onmouseover='document.title="pwned"`,
  `</style></title></table><h1>pwned</h1>`,
  `\u2028\u2029line\r\nbreaks\u0000`,
  `\u202egnorw\u200b \u001b[31m`,
  `$&-\${document.title}-{{1+1}}-&lt;b&gt;`,
  `javascript:document.title='pwned'`,
  `\ud800 lone`,
];

/** The names of everything that a cluster may name, in every place that shows one. */
export function hostileReport(): Report {
  const topics = Object.fromEntries(
    HOSTILE_NAMES.map((name) => [name, [[10, 5, 50], [0, 5, 9]] as Logs]),
  );
  const groups = Object.fromEntries(HOSTILE_NAMES.map((name) => [name, HOSTILE_NAMES]));
  const report = reportOver(
    topics,
    groups,
    {
      findings: HOSTILE_NAMES.map((name) =>
        finding("CONFIG_DIFFERS", { topic: name, groups: [name] }, name, name)
      ),
      configPath: `/tmp/${HOSTILE_NAMES[0]}.yaml`,
      source: { clusterId: HOSTILE_NAMES[1] ?? "", bootstrapServers: ["a:1"] },
      configuration: Object.fromEntries(HOSTILE_NAMES.map((name) => [name, { [name]: name }])),
    },
    (item) => item.partition === 1 ? { ...item, failed: failure("TOPIC_GONE", item.topic) } : item,
  );
  // Fields that the page doesn't know have names too.
  return { ...report, [HOSTILE_NAMES[0] ?? ""]: HOSTILE_NAMES.map((name) => ({ [name]: name })) };
}
