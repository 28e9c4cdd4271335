// What a line of the journal may hold: one decoder for each type of entry, which refuses unknown fields. Later versions
// must keep reading what an earlier one has written. Whether an entry fits those before it is checked in journal_rules.ts.
// Uses Zod's small variant, as the config's schema does, because every run loads this.

import * as z from "zod/mini";
import { escapeName } from "../model/escape_name.ts";
import type { JournalEntry } from "./journal_entry.ts";

const LARGEST = "9223372036854775807";

/** A number from 0 to 2^63 − 1 as this program writes it: digits without leading zeros. */
function isOffset(text: string): boolean {
  if (!/^(?:0|[1-9]\d*)$/.test(text)) return false;
  return text.length < LARGEST.length || (text.length === LARGEST.length && text <= LARGEST);
}

const OFFSET = "an offset in digits, as a string";
const offset = z.string({ error: OFFSET }).check(z.refine(isOffset, { error: OFFSET }));
const COUNT = "a count in digits, as a string";
const count = z.string({ error: COUNT }).check(z.refine(isOffset, { error: COUNT }));
const integer = (from: number, to: number) => {
  const error = `a whole number from ${from} to ${to}`;
  return z.int({ error }).check(z.gte(from, { error }), z.lte(to, { error }));
};
const text = (error: string) => z.string({ error }).check(z.minLength(1, { error }));
const choice = <const Values extends readonly (string | number)[]>(values: Values) =>
  z.literal(values, { error: values.join(", ").replace(/, (?!.*, )/, " or ") });
const list = <Item extends z.ZodMiniType>(item: Item) => z.array(item, { error: "a list" });

const TIME = "a time such as 2022-11-03T15:02:08.123Z";
const at = z.string({ error: TIME }).check(
  z.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/, { error: TIME }),
);
const run = { runId: text("a run's id"), at } as const;
const topicPartition = {
  topic: text("a topic's name"),
  partition: integer(0, 2 ** 31 - 1),
} as const;
const topicId = z.exactOptional(text("a topic's id"));
const type = <const Type extends string>(name: Type) => z.literal(name);

const PRODUCER_ID = "a producer id in digits, as a string";
const producerId = z.string({ error: PRODUCER_ID }).check(
  z.refine((id) => id === "-1" || isOffset(id), { error: PRODUCER_ID }),
);

const range = z.strictObject({
  ...topicPartition,
  sourceTopicId: topicId,
  targetTopicId: topicId,
  submittedOffset: z.exactOptional(offset),
  // A group's name, which may be empty.
  submittedBy: z.string({ error: "a group's name" }),
  startOffset: offset,
  endOffset: offset,
  targetEndOffset: offset,
});
const target = z.strictObject({ startOffset: offset, endOffset: offset });
const acknowledged = z.strictObject({
  records: count,
  targetOffset: offset,
  targetFirstOffset: offset,
});

const DECODERS = {
  opened: z.strictObject({
    type: type("opened"),
    schemaVersion: integer(1, 2 ** 31 - 1),
    ...run,
  }),
  migration: z.strictObject({
    type: type("migration"),
    schemaVersion: integer(1, 2 ** 31 - 1),
    ...run,
    sourceClusterId: z.string({ error: "a cluster's id" }),
    targetClusterId: z.string({ error: "a cluster's id" }),
    settings: z.record(z.string(), z.unknown(), { error: "a mapping" }),
    producerId,
    producerEpoch: integer(-1, 32_767),
  }),
  created: z.strictObject({
    type: type("created"),
    ...run,
    topics: list(topicPartition.topic),
  }),
  plan: z.strictObject({
    type: type("plan"),
    ...run,
    partitions: list(range),
    skipped: z.exactOptional(
      list(z.strictObject({ ...topicPartition, endOffset: offset, targetEndOffset: offset })),
    ),
  }),
  progress: z.strictObject({
    type: type("progress"),
    ...topicPartition,
    sourceOffset: offset,
    records: count,
    targetOffset: offset,
    targetFirstOffset: offset,
  }),
  position: z.strictObject({
    type: type("position"),
    ...topicPartition,
    sourceOffset: offset,
    targetOffset: offset,
  }),
  epoch: z.strictObject({
    type: type("epoch"),
    ...topicPartition,
    producerEpoch: integer(0, 32_767),
    records: count,
    targetOffset: offset,
    targetFirstOffset: offset,
  }),
  lost: z.strictObject({
    type: type("lost"),
    ...topicPartition,
    startOffset: offset,
    endOffset: offset,
    acknowledged: z.exactOptional(acknowledged),
  }),
  connector: z.strictObject({
    type: type("connector"),
    ...run,
    name: text("a connector's name"),
    url: text("a URL"),
    idle: list(range),
  }),
  removed: z.strictObject({
    type: type("removed"),
    ...run,
    name: text("a connector's name"),
  }),
  reached: z.strictObject({
    type: type("reached"),
    ...topicPartition,
    sourceOffset: offset,
  }),
  settled: z.strictObject({
    type: type("settled"),
    ...topicPartition,
    status: choice(["done", "failed"]),
    sourceOffset: offset,
    records: count,
    recordsRead: count,
    batchesLeftOut: integer(0, Number.MAX_SAFE_INTEGER),
    reason: z.exactOptional(z.string({ error: "a sentence" })),
    code: z.exactOptional(text("a failure's code")),
    endOffset: z.exactOptional(offset),
    target: z.exactOptional(target),
  }),
  finished: z.strictObject({
    type: type("finished"),
    ...run,
    exitStatus: choice([0, 1, 2, 3, 130]),
    verified: z.exactOptional(choice(["count", "content"])),
  }),
} as const satisfies {
  readonly [Type in JournalEntry["type"]]: z.ZodMiniType<
    Extract<JournalEntry, { readonly type: Type }>
  >;
};

/** Decodes an entry, given without its line's number and checksum. @returns the entry, or a phrase that says what is wrong */
export function decodeEntry(value: unknown): JournalEntry | string {
  if (typeof value !== "object" || value === null || !("type" in value)) return "it has no type";
  const { type } = value;
  if (typeof type !== "string" || !Object.hasOwn(DECODERS, type)) {
    return `it is of a type that is not known: ${escapeName(JSON.stringify(type))}`;
  }
  const decoded = z.safeParse(DECODERS[type as JournalEntry["type"]], value);
  return decoded.success ? decoded.data : whatIsWrong(decoded.error.issues[0]);
}

function whatIsWrong(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return "it cannot be read";
  if (issue.code === "unrecognized_keys") {
    return `it has a field that is not known: ${escapeName(issue.keys.join(", "))}`;
  }
  const field = issue.path.map(String).map(escapeName).join(".");
  return `its field ${field} is missing or is not ${issue.message}`;
}
