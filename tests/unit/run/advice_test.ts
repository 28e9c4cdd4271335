/**
 * What is advised follows from what happened, whatever topics, groups, hosts, connectors and users are called: each
 * failure is made with plain names and with names made of the words that failures and Kafka's errors are told in.
 */

import assert from "node:assert/strict";
import { createLeaders } from "../../../lib/kafka/leaders.ts";
import { judgeTrouble } from "../../../lib/copy/judge_trouble.ts";
import type { Trouble } from "../../../lib/copy/lane.ts";
import { PartitionCopy } from "../../../lib/copy/partition_copy.ts";
import { type Failure, failure, recordedFailure } from "../../../lib/model/failure.ts";
import { FAILURE_KINDS } from "../../../lib/model/failure_kinds.ts";
import { type GroupOffset, judgePositions } from "../../../lib/plan/group_offsets.ts";
import type { JournalEntry, MigrationEntry } from "../../../lib/journal/journal_entry.ts";
import { continueJournal } from "../../../lib/journal/journal.ts";
import { KAFKA_ERRORS } from "../../../lib/model/kafka_error.ts";
import { addContent, type CountEvidence, verifyCount } from "../../../lib/verify/verify.ts";
import type { Cluster } from "../../../lib/kafka/cluster.ts";
import { offsetsToStore } from "../../../lib/connect/pure/source_offsets.ts";
import { beginWatch, react } from "../../../lib/connect/pure/watch.ts";
import { groupOffsetLine } from "../../../lib/show/group_text.ts";
import { partitionResultLine } from "../../../lib/show/result_text.ts";
import { ConnectionError, type ConnectionErrorKind } from "../../../lib/wire/connection_error.ts";
import { tlsTroubleOf } from "../../../lib/wire/tls_reason.ts";
import { randomOf } from "../../support/fetch_fuzz.ts";
import { testCutBatch } from "../../support/cut_batch.ts";
import { group } from "../plan/fixtures.ts";

/** Names that earlier advice was seen to depend on. */
const SEEN = [
  "price-differences",
  "certificates",
  "SASL-logins",
  "user-authentication",
  "MESSAGE_TOO_LARGE.dlq",
  "TOPIC_AUTHORIZATION_FAILED",
  "unreachable.for.10.min",
];

/** Names of one to four words that are said of failures, as topics, groups and hosts may be called. */
function drawNames(count: number): readonly string[] {
  const said = Object.entries(FAILURE_KINDS).flatMap(([code, { meaning, remedy }]) => [
    code,
    ...`${meaning} ${remedy}`.split(/[^\w.]+/),
  ]);
  const words = [
    ...said,
    ...Object.keys(KAFKA_ERRORS),
    ...["self-signed", "expired", "UnknownIssuer", "NotValidYet", "HandshakeFailure", "altnames"],
    ...["truncated or re-created", "is missing", "differ", "twice, at offset", "Broker "],
  ];
  const { below } = randomOf(22);
  return Array.from(
    { length: count },
    () =>
      Array.from({ length: 1 + below(4) }, () => words[below(words.length)])
        .join([".", "-", "_", " ", ": "][below(5)]),
  );
}

const NAMES = [...SEEN, ...drawNames(200)];

/** Makes everything that can be made wrong, with a name wherever one goes. @returns what is advised, by what it befell */
async function advice(name: string): Promise<ReadonlyMap<string, string | undefined>> {
  const found = new Map<string, string | undefined>();
  const note = (what: string, failed: Failure | string | undefined) =>
    found.set(what, typeof failed === "string" ? failed : failed?.code);
  await noteTopics(name, note);
  noteTrouble(name, note);
  noteResults(name, note);
  notePositions(name, note);
  noteConnect(name, note);
  noteJournal(name, note);
  noteTls(name, note);
  return found;
}

type Note = (what: string, failed: Failure | string | undefined) => void;

async function noteTopics(name: string, note: Note): Promise<void> {
  const partitions = [{ errorCode: 0, partition: 0, leader: 1, leaderEpoch: 0, replicas: 1 }];
  const known = { errorCode: 0, topic: name, topicId: "aa", internal: false, partitions };
  const errors = Object.entries(KAFKA_ERRORS).map(([error, errorCode]) =>
    [error, { ...known, errorCode, partitions: [] }] as const
  );
  const answers = [
    ["re-created", { ...known, topicId: "bb" }],
    ["changed", { ...known, partitions: [] }],
    ...errors,
  ] as const;
  for (const role of ["source", "target"] as const) {
    for (const [what, topic] of answers) {
      const metadata = () => Promise.resolve({ clusterId: "c", brokers: [], topics: [topic] });
      const cluster = { role, metadata } as unknown as Cluster;
      const planned = new Map([[name, { topicId: "aa", partitions: 1 }]]);
      const leaders = createLeaders(cluster, planned, new AbortController().signal);
      await leaders.refresh(true);
      note(`topic ${what} on the ${role}`, leaders.topicProblem(name));
    }
  }
}

const KINDS: readonly ConnectionErrorKind[] = [
  ...["unreachable", "silent", "closed", "tls", "protocol", "authentication", "token"] as const,
  "unsupported",
];

function noteTrouble(name: string, note: Note): void {
  const address = { advertised: `${name}:9092`, dialled: `${name}:6001` };
  const troubles: readonly (readonly [string, Trouble])[] = [
    ...KINDS.map((kind) =>
      [kind, { kind: "connection", error: new ConnectionError(kind, address, name) }] as const
    ),
    ...Object.entries(KAFKA_ERRORS).map(([error, code]) =>
      [error, { kind: "code", code, message: name }] as const
    ),
    ["behind", { kind: "behind", readable: 60n }],
    ["nothing", { kind: "nothing" }],
    ["damaged", { kind: "damaged", reason: "its length is beyond the response" }],
  ];
  for (const role of ["source", "target"] as const) {
    for (const [what, trouble] of troubles) {
      const partition = makeCopy(name);
      if (what === "damaged") { for (let time = 0; time < 2; time++) partition.damagedOnArrival(); }
      const judgement = judgeTrouble(partition, trouble, role, `${role} broker 1 (${name}:9092)`);
      const code = judgement.kind === "retry" ? judgement.code : judgement.failure.code;
      note(`${what} of the ${role}`, `${judgement.kind} ${code}`);
    }
  }
}

function makeCopy(topic: string): PartitionCopy {
  const partition = new PartitionCopy({
    ...{ topic, partition: 0, startOffset: 40n, endOffset: 100n },
    identity: { producerId: 7n, producerEpoch: 0 },
    before: { records: 0n, targetOffset: 0n },
    stored: { records: 0n, targetOffset: 0n },
    rules: { logAppendTime: false },
  });
  const batches = [testCutBatch(40, 50)];
  partition.accept({ batches, nextOffset: 50n, batchesLeftOut: 0 }, () => () => {});
  return partition;
}

function noteResults(name: string, note: Note): void {
  const place = { topic: name, partition: 0 };
  const planned = [{ ...place, startOffset: 20n, endOffset: 50n, offsets: 30n }];
  const good: CountEvidence = {
    ...{ ...place, nextSourceOffset: 50n, recordsRead: 30n, recordsProduced: 30n },
    ...{ batchesLeftOut: 0, targetFirstOffset: 100n, targetLogStartOffset: 0n },
    targetHighWatermark: 130n,
  };
  const bad: Readonly<Record<string, Partial<CountEvidence>>> = {
    unread: { nextSourceOffset: 49n },
    miscounted: { recordsProduced: 29n },
    deleted: { targetLogStartOffset: 101n },
    short: { targetHighWatermark: 129n },
    sequence: { targetLastSequence: 28 },
    lost: { lost: [{ startOffset: 20n, endOffset: 30n }] },
    refused: { failed: failure("TARGET_REFUSED", `the target refused ${name}: ${name}`) },
    early: { failed: recordedFailure(name, undefined) },
  };
  for (const [what, change] of Object.entries(bad)) {
    const { partitions: [result] } = verifyCount(planned, [{ ...good, ...change }]);
    assert.ok(result?.code !== undefined, what);
    // What is printed ends with it.
    assert.ok(partitionResultLine(result).text.endsWith(FAILURE_KINDS[result.code].remedy), what);
    note(what, result.code);
  }
  const contents = new Map([[`${name}-0`, {
    ...{ equal: 3n, compacted: 0n, goneFromSource: 0n, withoutTimestamp: 0n },
    ...{ difference: `it differs: ${name}`, code: "MESSAGE_DIFFERS" as const },
  }]]);
  note("contents", addContent(verifyCount(planned, [good]), contents).partitions[0]?.code);
  note("not compared", addContent(verifyCount(planned, [good]), new Map()).partitions[0]?.code);
}

function notePositions(name: string, note: Note): void {
  const wanted = { group: name, topic: name, partition: 0, sourceOffset: 7n };
  const stands = group(name, { [name]: [7] });
  const unreadable = failure("GROUP_UNREADABLE", `its offsets could not be read: ${name}`);
  const facts = {
    onSource: new Map([[name, stands]]),
    onTarget: new Map(),
    unverified: new Map<string, Failure>(),
    translate: (): bigint | Failure => 40n,
  };
  const cases = {
    moved: { onSource: new Map([[name, group(name, { [name]: [8] })]]) },
    unreadable: { onSource: new Map([[name, group(name, {}, { problem: unreadable })]]) },
    active: { onTarget: new Map([[name, group(name, {}, { state: "Stable" })]]) },
    untranslated: { translate: () => failure("POSITION_LOST", `${name} is gone`) },
    unverified: {
      unverified: new Map([[`${name}-0`, failure("PARTITION_NOT_VERIFIED", "It is not")]]),
    },
  };
  for (const [what, change] of Object.entries(cases)) {
    const [left] = judgePositions([wanted], { ...facts, ...change }).rest;
    const { code } = left as GroupOffset;
    assert.ok(code !== undefined, what);
    const { text } = groupOffsetLine(left as GroupOffset);
    assert.ok(text.endsWith(FAILURE_KINDS[code].remedy), what);
    note(what, code);
  }
}

function noteConnect(name: string, note: Note): void {
  const begun = { topic: name, partition: 0, sourceOffset: 5n, reachedOffset: 9n };
  const stored = offsetsToStore([begun], new Map());
  note("forgotten", "code" in stored ? stored : undefined);
  const watched = [{ topic: name, partition: 0, startOffset: 0n, endOffset: 9n }];
  const worker = `${name}:8083`;
  const seen = {
    ...{ offsets: new Map(), nothingBehind: new Map(), atMs: 700_000 },
    status: {
      connector: { state: "RUNNING", worker },
      tasks: [{ state: "RUNNING", worker, trace: name }],
    },
  };
  const rules = { name, giveUpAfterMs: 600_000 };
  note("stands", react(beginWatch(watched, new Map(), 0), seen, rules).giveUp);
}

function noteJournal(name: string, note: Note): void {
  const entries = (code?: string): readonly JournalEntry[] => [{
    ...{ type: "migration", schemaVersion: 1, runId: "r", at: "", producerId: "7" },
    ...{ producerEpoch: 0, sourceClusterId: "s", targetClusterId: "t", settings: {} },
  }, {
    ...{ type: "plan", runId: "r", at: "" },
    partitions: [{
      ...{ topic: name, partition: 0, submittedBy: name, startOffset: "0", endOffset: "9" },
      targetEndOffset: "0",
    }],
  }, {
    ...{ type: "settled", topic: name, partition: 0, status: "failed", sourceOffset: "0" },
    ...{ records: "0", recordsRead: "0", batchesLeftOut: 0, reason: `topic ${name} broke` },
    ...(code !== undefined && { code }),
  }];
  for (const code of [undefined, "TOPIC_RECREATED"]) {
    const [first, ...rest] = entries(code);
    const state = continueJournal(first as MigrationEntry, rest);
    note(`journaled with ${code}`, state.partitions.get(`${name}-0`)?.failure);
  }
}

/** What the TLS libraries say, where they name the host that was dialled and those of the certificate. */
function noteTls(name: string, note: Note): void {
  note(
    "rustls",
    tlsTroubleOf(
      `invalid peer certificate: certificate not valid for name "${name}"; certificate is only valid for DnsName("${name}")`,
      { clientCertificate: false },
    )?.reason.replace(/ \(it carries .*\)$/, ""),
  );
  note(
    "OpenSSL",
    tlsTroubleOf(
      `Hostname/IP does not match certificate's altnames: Host: ${name}. is not in the cert's altnames: DNS:${name}`,
      { clientCertificate: false },
    )?.reason.replace(/ \(it carries .*\)$/, ""),
  );
  note(
    "no TLS",
    tlsTroubleOf(`could not connect to "${name}"`, { clientCertificate: false })?.reason,
  );
}

Deno.test("no name of a topic, group, host or connector changes what is advised", async () => {
  const plain = await advice("t");
  assert.ok(new Set(plain.values()).size > 20, "many failures are made");
  for (const name of NAMES) assert.deepEqual(await advice(name), plain, name);
});
