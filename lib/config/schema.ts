// The shape of `migration.yaml`: one definition that gives the checks, the types and the published JSON Schema. Each part has
// the words that follow "expected" in a message. It knows neither positions in the text nor rules between keys (rules.ts).
// Uses Zod's small variant, because every run loads this: it takes half the time.

import * as z from "zod/mini";
import { OVERRIDABLE_CODES } from "../model/finding.ts";
import { parsePattern } from "../plan/name_filter.ts";
import { isProviderReference } from "./secrets.ts";
import { formatAddress, type HostPort, parseAddress, splitAddresses } from "./address.ts";
import { parseDurationMs, parseSizeBytes } from "./quantities.ts";

export type * from "./migration_config.ts";
export type { HostPort } from "./address.ts";

/** Details that a refinement reports besides the expectation, as `params` of its issue. */
export interface IssueDetail {
  /** What is wrong; replaces the description of the value. */
  readonly what?: string;
  /** The index in the value's text at which it is wrong. */
  readonly offset?: number;
  /** The wrong part of the text. */
  readonly part?: string;
  /** Whether the key is wrong, not its value. */
  readonly inKey?: boolean;
}

/** Adds an issue. Further checks still see the value where it comes from a refinement; after a failed transformation none can. */
function refuse(
  context: z.core.ParsePayload,
  input: unknown,
  message: string,
  params: IssueDetail = {},
  path: PropertyKey[] = [],
): never {
  const isRefinement = "addIssue" in context;
  context.issues.push({
    ...{ code: "custom", message, params: { ...params }, path, input },
    continue: isRefinement,
  });
  return z.NEVER;
}

const MAX_OFFSET = 2n ** 63n - 1n;
const WEEK_MS = 7 * 24 * 3_600_000;

/** A text for names and paths: not empty, without characters that could break a line or fool a terminal. */
function text(expected: string) {
  const misread = ({ input }: { readonly input?: unknown }) =>
    typeof input === "number" || typeof input === "boolean"
      ? `${expected} in single quotes`
      : expected;
  return z.string({ error: misread }).check(
    z.minLength(1, { error: expected }),
    z.superRefine((value, context) => {
      if (!/\p{Cc}/u.test(value)) return;
      refuse(context, value, expected, { what: "holds control characters" });
    }),
  );
}

const flag = (expected = "true or false") => z.boolean({ error: expected });
const choice = <const T extends readonly string[]>(values: T) =>
  z.enum(values, { error: `${values.slice(0, -1).join(", ")} or ${values.at(-1)}` });
const integer = (min: number, max: number) => {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).check(z.gte(min, { error }), z.lte(max, { error }));
};
const list = <T extends z.ZodMiniType>(item: T, expected: string) =>
  z.array(item, { error: expected });

function url(expected: string) {
  return text(expected).check(z.superRefine((value, context) => {
    const parsed = URL.canParse(value) ? new URL(value) : undefined;
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
      refuse(context, value, expected);
    } else if (parsed.username !== "" || parsed.password !== "") {
      refuse(context, value, `${expected} without user name and password`);
    }
  }));
}

/** One address or, with `several`, a comma-separated list of addresses. */
function addressText(several = false) {
  return text("host:port").check(z.superRefine((value, context) => {
    const parts = several ? splitAddresses(value) : [{ text: value, offset: 0 }];
    for (const { text: part, offset } of parts) {
      const parsed = parseAddress(part);
      if ("expected" in parsed) refuse(context, value, parsed.expected, { part, offset });
    }
  }));
}

/** The canonical form of an address that has been checked. */
function canonical(text: string): string {
  const parsed = parseAddress(text);
  return "host" in parsed ? formatAddress(parsed) : text;
}

const SERVERS = "host:port, or several, as a list or separated by commas";
const bootstrapServers = z.pipe(
  z.union([
    addressText(true),
    list(addressText(true), SERVERS).check(z.minLength(1, { error: SERVERS })),
  ], { error: SERVERS }),
  z.transform((value): readonly HostPort[] => {
    const servers = new Map<string, HostPort>();
    for (const { text: part } of [value].flat().flatMap(splitAddresses)) {
      const parsed = parseAddress(part);
      if ("host" in parsed) servers.set(formatAddress(parsed), parsed);
    }
    return [...servers.values()];
  }),
).check(z.describe("Where to reach the cluster first: host:port, comma-separated or a list"));

const addresses = z.pipe(
  z.record(addressText(), addressText(), {
    error: "a mapping of advertised to dialled host:port",
  }),
  z.transform((value, context): ReadonlyMap<string, string> => {
    const dialled = new Map<string, string>();
    for (const [key, address] of Object.entries(value)) {
      const advertised = canonical(key);
      if (dialled.has(advertised)) {
        const detail = { inKey: true, what: "is given twice" };
        refuse(context, value, "one address to dial", detail, [key]);
      }
      dialled.set(advertised, canonical(address));
    }
    return dialled;
  }),
).check(z.describe("Address to dial for each advertised one that can't be reached from here"));

const tls = z.union([
  flag(),
  z.partial(z.strictObject({
    ca: text("the path of a PEM file")
      .check(z.describe("Trusted authorities, PEM, besides the system's")),
    cert: text("the path of a PEM file").check(z.describe("Client certificate, PEM")),
    key: text("the path of a PEM file")
      .check(z.describe("Private key of the client certificate, PEM")),
    passphrase: z.string({ error: "the key's passphrase" }),
    serverName: text("a host name")
      .check(z.describe("Name to expect in every broker's certificate")),
    verifyHostname: flag()
      .check(z.describe("false: certificates need not carry the broker's name")),
  })),
], { error: "true, false or a mapping such as {ca: ca.pem}" });

/** KIP-342 and RFC 7628, section 3.1: names consist of letters, and `auth` is reserved; values of printable characters. */
const EXTENSION_NAME = "a name of letters other than auth";
const EXTENSION_VALUE = "text of printable ASCII characters";
const extensions = z.record(
  text(EXTENSION_NAME).check(z.superRefine((name, context) => {
    if (/^[A-Za-z]+$/.test(name) && name !== "auth") return;
    refuse(context, name, EXTENSION_NAME);
  })),
  text(EXTENSION_VALUE).check(z.superRefine((value, context) => {
    if (!/^[\x20-\x7e]+$/.test(value)) refuse(context, value, EXTENSION_VALUE);
  })),
  { error: "a mapping of extension names to values" },
);

const MECHANISM = "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER";
const sasl = z.discriminatedUnion("mechanism", [
  z.strictObject({
    mechanism: z.enum(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"], { error: MECHANISM }),
    username: text("a user name"),
    password: z.optional(z.string({ error: "the password" }))
      .check(z.describe("In single quotes, or ${NAME} for an environment variable")),
    passwordFile: z.optional(text("the path of a file"))
      .check(z.describe("A file whose first line is the password")),
  }),
  z.strictObject({
    mechanism: z.literal("OAUTHBEARER", { error: MECHANISM }),
    tokenFile: z.optional(text("the path of a file")),
    tokenEndpoint: z.optional(url("an http or https URL")),
    clientId: z.optional(text("a client id")),
    clientSecret: z.optional(z.string({ error: "the client secret" })),
    scope: z.optional(text("a scope")),
    extensions: z.optional(extensions)
      .check(z.describe("SASL extensions to send with the token: {logicalCluster: lkc-1a2b}")),
  }),
], {
  error: (issue) =>
    "discriminator" in issue ? MECHANISM : `a mapping with mechanism (${MECHANISM})`,
});

const cluster = z.strictObject({
  bootstrapServers,
  addresses: z.optional(addresses),
  tls: z._default(tls, false).check(z.describe("true, or what to open TLS connections with")),
  sasl: z.optional(sasl).check(z.describe("How to authenticate")),
}, { error: "a mapping with bootstrapServers" });

const PATTERN = "a glob such as orders-*, or a /regular expression/";
const pattern = text(PATTERN).check(z.superRefine((value, context) => {
  const parsed = parsePattern(value);
  if (typeof parsed !== "string") return;
  const reason = parsed.replace(/^Not a valid pattern: /, "").replace(/^A /, "a ");
  refuse(context, value, PATTERN, { what: `is no pattern (${reason})` });
}));

const filter = z.prefault(
  z.strictObject({
    include: z._default(list(pattern, "a list of patterns"), []),
    exclude: z._default(list(pattern, "a list of patterns"), []),
  }, { error: "a mapping with include and exclude" }),
  {},
);

const OFFSET = "an offset (0 or more)";
const offset = z.pipe(
  z.union([z.int(), z.bigint()], { error: OFFSET }),
  z.transform((value, context) => {
    const exact = BigInt(value);
    return exact >= 0n && exact <= MAX_OFFSET ? exact : refuse(context, value, OFFSET);
  }),
);
const START = "an offset, earliest, or an ISO time with its zone (2022-11-03T15:02:08Z)";
const start = z.union([
  offset,
  z.literal("earliest"),
  z.pipe(
    z.iso.datetime({ offset: true, error: START }),
    z.transform((value) => ({ timestampMs: Date.parse(value) })),
  ),
], { error: START });

const ranges = list(
  z.strictObject({
    topic: text("a topic name"),
    partition: integer(0, 2 ** 31 - 1),
    start,
    end: z.optional(offset),
  }, { error: "a mapping with topic, partition and start" }),
  "a list of {topic, partition, start, end}",
).check(z.minLength(1, { error: "at least one range" }));

const SIZE = "bytes, as a number or with a unit (50MB, 64MiB)";
const size = z.pipe(
  z.union([z.number(), z.string()], { error: SIZE }),
  z.transform((value, context) => {
    const bytes = typeof value === "number" ? value : parseSizeBytes(value);
    const valid = bytes !== undefined && Number.isSafeInteger(bytes) && bytes > 0;
    return valid ? bytes : refuse(context, value, SIZE);
  }),
);

const DURATION = "a duration with its unit (500ms, 90s, 10m, 2h), a week at most";
const duration = z.pipe(
  z.string({ error: DURATION }),
  z.transform((value, context) => {
    const ms = parseDurationMs(value);
    return ms !== undefined && ms > 0 && ms <= WEEK_MS ? ms : refuse(context, value, DURATION);
  }),
);

const REFERENCE = "a config provider reference such as '${file:/etc/connect/secrets:source}'";
const reference = text(REFERENCE).check(z.superRefine((value, context) => {
  if (isProviderReference(value)) return;
  // Somebody may have written the secret itself here, so it is not quoted.
  refuse(context, value, REFERENCE, { what: "is no reference that a Connect worker resolves" });
}));
const references = z.record(
  text("password, key, or a setting of a Kafka client").check(z.superRefine((name, context) => {
    if (name === "password" || name === "key" || /^[a-z.]+\.[a-z.]+$/.test(name)) return;
    const expected = "password, key, or a setting of a Kafka client such as sasl.jaas.config";
    refuse(context, name, expected);
  })),
  reference,
  { error: "a mapping of settings to config provider references" },
);

const engine = z.union([
  z.literal("local"),
  z.strictObject({
    connect: z.strictObject({
      url: url("the http or https URL of a Connect worker"),
      tasks: z.optional(integer(1, 10_000)),
      secrets: z.optional(z.partial(z.strictObject({ source: references, target: references }, {
        error: "a mapping with source and target",
      }))),
    }, { error: "a mapping with url" }),
  }),
], { error: "local or a mapping with connect" });

/** `migration.yaml` as it is written; its output has defaults and converted units, but no file contents and no secrets. */
export const migrationFile = z.strictObject({
  checkFlag: z.literal([0, 1], { error: "0 (check only) or 1 (migrate)" })
    .check(z.describe("0: check only, 1: migrate")),
  source: cluster.check(z.describe("The cluster to read; nothing is written to it")),
  target: cluster.check(z.describe("The cluster to write")),
  topics: filter.check(z.describe("Topics to migrate; without include, all")),
  groups: filter.check(
    z.describe("Consumer groups whose committed offsets count; without include, all"),
  ),
  uncommitted: z._default(choice(["earliest", "skip"]), "earliest")
    .check(z.describe("Partitions a group never committed, of topics it reads")),
  createTopics: z._default(
    z.union([
      flag(),
      z.strictObject({ replicationFactor: z.optional(integer(1, 32_767)) }),
    ], { error: "true, false or {replicationFactor: 3}" }),
    false,
  ).check(z.describe("true: create missing topics as they are on the source")),
  groupOffsets: z._default(choice(["ignore", "commit"]), "ignore")
    .check(z.describe("commit: carry every group's position over to the target")),
  verify: z._default(choice(["count", "content"]), "count")
    .check(z.describe("content: read both sides back and compare digests")),
  nonEmptyTarget: z._default(choice(["refuse", "append"]), "refuse")
    .check(z.describe("What to do when a target partition already holds messages")),
  accept: z._default(
    list(
      z.enum(OVERRIDABLE_CODES, {
        error: OVERRIDABLE_CODES.join(", ").replace(/, (?!.*, )/, " or "),
      }),
      "a list of finding codes",
    ),
    [],
  ).check(z.describe("Findings to go on in spite of")),
  limits: z.prefault(
    z.strictObject({
      bytesPerSecond: z.optional(size)
        .check(z.describe("A number of bytes, or with a unit: 50MB, 64MiB")),
      giveUpAfter: z.prefault(duration, "10m").check(
        z.describe("A partition without any acknowledgement for so long fails: 90s, 10m"),
      ),
    }, { error: "a mapping with bytesPerSecond and giveUpAfter" }),
    {},
  ),
  ranges: z.optional(ranges).check(z.describe("What to copy, instead of asking the groups")),
  engine: z._default(engine, "local")
    .check(z.describe("local, or a Kafka Connect cluster that copies")),
}, { error: "a mapping with checkFlag, source and target" });

/** The file's checked content. */
export type MigrationFile = z.output<typeof migrationFile>;

/** The JSON Schema (2020-12) of `migration.yaml`, for editors. */
export function jsonSchema(): object {
  const schema = z.toJSONSchema(migrationFile, {
    io: "input",
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      // Offsets may be larger than JavaScript's numbers can hold exactly; JSON Schema's integers have no such limit.
      if (zodSchema._zod.def.type === "bigint") jsonSchema.type = "integer";
    },
  });
  return { title: "data-migrate: migration.yaml", ...schema };
}
