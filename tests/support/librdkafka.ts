/**
 * The independent judge: librdkafka behind `librdkafka_judge.py`, as a typed client. Fills clusters (all codecs, odd
 * records, transactions), commits offsets, and reads ranges back as ordered digests. Refuses to share any code with the
 * program it judges.
 */

import { fileURLToPath } from "node:url";
import { installOnce } from "./install_once.ts";
import { ensurePythonPackages, hasPipForOthers } from "./prerequisites.ts";
import { runCommand } from "./run_command.ts";

/** Bootstrap addresses of a PLAINTEXT listener, or librdkafka's own properties (`bootstrap.servers`, …). */
export type JudgedCluster = string | Readonly<Record<string, string>>;

/** A topic to create. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions?: number;
  readonly replicationFactor?: number;
  readonly configs?: Readonly<Record<string, string>>;
}

/** One record in full; bytes as base64, `null` as Kafka's null. */
export interface JudgedRecord {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers?: readonly (readonly [string, string | null])[];
  readonly timestampMs?: number;
}

/** A record that was read back. */
export interface ReadRecord extends Required<JudgedRecord> {
  readonly offset: bigint;
  readonly timestampType: "CreateTime" | "LogAppendTime" | "none";
}

/** What to produce: `records` as they stand, or `count` invented ones, the same for the same spec. */
export interface ProduceSpec {
  readonly topic: string;
  readonly partition: number;
  readonly count?: number;
  readonly records?: readonly JudgedRecord[];
  /** Bytes of each invented value; 100 unless told. */
  readonly valueBytes?: number;
  /** Told apart by their contents: give each call another one. */
  readonly seed?: number;
  /** Whether values compress well; yes unless told. */
  readonly compressible?: boolean;
  /** `some`: every third is null. All unless told. */
  readonly keys?: "all" | "some" | "none";
  /** `some`: every seventh is null, a tombstone. All unless told. */
  readonly values?: "all" | "some";
  /** Four a record: a name twice, binary, null and empty. None unless told; `some`: every fifth record. */
  readonly headers?: "all" | "some" | "none";
  /** CreateTime of the first; now unless told. */
  readonly timestampMs?: number;
  readonly timestampStepMs?: number;
  readonly codec?: "none" | "gzip" | "snappy" | "lz4" | "zstd";
  /** How long to wait between two records at most: until one before is acknowledged. Not at all unless told. */
  readonly paceMs?: number;
  /** librdkafka's producer properties: `batch.num.messages`, `batch.size`, `linger.ms`, … */
  readonly properties?: Readonly<Record<string, string>>;
  /** `hang` flushes and leaves it open: `endTransaction` ends it. */
  readonly transaction?: { readonly id: string; readonly outcome: "commit" | "abort" | "hang" };
}

/** What was acknowledged; offsets are −1 when nothing was. */
export interface Produced {
  readonly count: number;
  readonly firstOffset: bigint;
  readonly lastOffset: bigint;
}

/** A group's position on a partition. */
export interface GroupOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly metadata?: string;
}

/** A partition's ends, as its leader tells them. */
export interface Watermarks {
  readonly logStart: bigint;
  readonly highWatermark: bigint;
  readonly lastStable: bigint;
}

/** How a range is read. */
export interface ReadOptions {
  /** First offset; the log start offset unless told. */
  readonly start?: bigint;
  /** Exclusive; what is there now unless told. */
  readonly end?: bigint;
  /** How many of the first records to hand back in full; 0 unless told. */
  readonly records?: number;
  /** Whether timestamps and their type are part of the digest; yes unless told. */
  readonly timestamps?: boolean;
  readonly isolation?: "read_committed" | "read_uncommitted";
}

/** A range that was read back, every CRC checked. */
export interface ReadRange {
  readonly count: number;
  /** SHA-256 over key, value, headers in order, timestamp and its type of all records in order; no offsets. */
  readonly digest: string;
  readonly firstOffset: bigint | undefined;
  readonly lastOffset: bigint | undefined;
  readonly records: readonly ReadRecord[];
}

/** What a consumer that joined its group has read of one partition. */
export interface GroupRead extends Pick<ReadRange, "count" | "digest"> {
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: bigint | undefined;
  readonly lastOffset: bigint | undefined;
}

/** The judge. Calls may run at the same time; each rejects with librdkafka's own words. */
export interface Judge extends AsyncDisposable {
  /** Returns when every partition has a leader. */
  readonly createTopics: (cluster: JudgedCluster, topics: readonly TopicSpec[]) => Promise<void>;
  /** Returns when every partition of an existing topic has a leader and all its replicas are in sync. */
  readonly untilInSync: (cluster: JudgedCluster, topic: string) => Promise<void>;
  /** A topic with the settings of its own; undefined where there is none. */
  readonly describeTopic: (
    cluster: JudgedCluster,
    topic: string,
  ) => Promise<Required<Omit<TopicSpec, "name">> | undefined>;
  /** The replicas of every partition by topic, the internal ones too, and the names of all groups. */
  readonly topicsAndGroups: (cluster: JudgedCluster) => Promise<{
    readonly topics: Readonly<
      Record<string, readonly (readonly [partition: number, replicas: readonly number[]])[]>
    >;
    readonly groups: readonly string[];
  }>;
  /** Returns when they are gone from the metadata. */
  readonly deleteTopics: (cluster: JudgedCluster, topics: readonly string[]) => Promise<void>;
  /** Raises the number of a topic's partitions. */
  readonly createPartitions: (
    cluster: JudgedCluster,
    topic: string,
    partitions: number,
  ) => Promise<void>;
  readonly alterTopicConfigs: (
    cluster: JudgedCluster,
    topic: string,
    configs: Readonly<Record<string, string>>,
  ) => Promise<void>;
  /** Moves the log start offset up to `before`. */
  readonly deleteRecords: (
    cluster: JudgedCluster,
    topic: string,
    partition: number,
    before: bigint,
  ) => Promise<void>;
  readonly produce: (cluster: JudgedCluster, spec: ProduceSpec) => Promise<Produced>;
  readonly endTransaction: (id: string, outcome: "commit" | "abort") => Promise<void>;
  /** `joined`: as a consumer that joined its group (protocol type `consumer`), else as an administrator does. */
  readonly commitOffsets: (
    cluster: JudgedCluster,
    group: string,
    offsets: readonly GroupOffset[],
    options?: { readonly joined?: boolean },
  ) => Promise<void>;
  /** Joins and stays a member, committing nothing, until `leaveGroup`. */
  readonly joinGroup: (
    cluster: JudgedCluster,
    group: string,
    topic: string,
    protocol?: "classic" | "consumer",
  ) => Promise<void>;
  readonly leaveGroup: (group: string) => Promise<void>;
  readonly committedOffsets: (
    cluster: JudgedCluster,
    group: string,
  ) => Promise<readonly GroupOffset[]>;
  readonly watermarks: (
    cluster: JudgedCluster,
    topic: string,
    partition: number,
  ) => Promise<Watermarks>;
  readonly read: (
    cluster: JudgedCluster,
    topic: string,
    partition: number,
    options?: ReadOptions,
  ) => Promise<ReadRange>;
  /**
   * Joins the group as consumers do, reads every partition of the topics from where it stands to its end, and leaves;
   * commits nothing. By topic and partition. `reset`: what a position does that is not there or points at nothing.
   */
  readonly consumeGroup: (
    cluster: JudgedCluster,
    group: string,
    topics: readonly string[],
    options?: { readonly reset?: "error" | "earliest" },
  ) => Promise<readonly GroupRead[]>;
}

const clientPackage = "confluent-kafka==2.16.1";

/** Starts the judge; installs it into `.tools/judge` on first use. */
export async function startJudge(): Promise<Judge> {
  const environment = await judgeEnvironment();
  const script = fileURLToPath(new URL("./librdkafka_judge.py", import.meta.url));
  const process = new Deno.Command(`${environment}/bin/python`, {
    args: ["-u", "-B", script],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  return judgeOver(process);
}

/** Installs the judge unless it is there. @returns its Python environment */
export async function judgeEnvironment(): Promise<string> {
  return await installOnce("judge", clientPackage, async (directory) => {
    const own = `${directory}/bin/python`;
    const install = ["install", "--quiet", "--disable-pip-version-check"];
    const wanted = ["--only-binary=:all:", clientPackage];
    // A pip of its own would take most of the time that an environment takes.
    if (await hasPipForOthers()) {
      await runCommand("python3", ["-m", "venv", "--without-pip", directory]);
      await runCommand("python3", ["-m", "pip", "--python", own, ...install, ...wanted]);
    } else {
      await runCommand("python3", ["-m", "venv", directory]);
      await runCommand(own, ["-m", "pip", ...install, ...wanted]);
    }
  }, {
    what: "Fetching librdkafka for Python with pip",
    size: "about 5 MB",
    prepare: ensurePythonPackages,
  });
}

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

function judgeOver(process: Deno.ChildProcess): Judge {
  const requests = process.stdin.getWriter();
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let lastId = 0;
  let ended = false;
  const reading = readLines(process.stdout, (line) => {
    const reply: Reply = JSON.parse(line);
    const call = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.error === undefined) call?.resolve(reply.result);
    else call?.reject(new Error(reply.error));
  }).then(() => {
    ended = true;
    for (const call of waiting.values()) call.reject(new Error("Cannot ask the judge: it ended"));
    waiting.clear();
  });

  const ask = async <Result>(method: string, params: object): Promise<Result> => {
    if (ended) throw new Error("Cannot ask the judge: it has ended");
    const id = ++lastId;
    const call = Promise.withResolvers<unknown>();
    waiting.set(id, call);
    const line = JSON.stringify({ id, method, params }, bigintsAsNumbers);
    // A failed write means that the process has ended, which rejects the call with better words.
    requests.write(new TextEncoder().encode(`${line}\n`)).catch(() => {});
    return await call.promise as Result;
  };
  const about = <Result>(
    method: string,
    cluster: JudgedCluster,
    params: object,
  ): Promise<Result> => ask(method, { cluster: propertiesOf(cluster), ...params });

  return {
    createTopics: (cluster, topics) => about("createTopics", cluster, { topics }),
    describeTopic: async (cluster, topic) =>
      await about<Required<Omit<TopicSpec, "name">> | null>("describeTopic", cluster, { topic }) ??
        undefined,
    untilInSync: (cluster, topic) => about("untilInSync", cluster, { topic }),
    topicsAndGroups: (cluster) => about("topicsAndGroups", cluster, {}),
    deleteTopics: (cluster, topics) => about("deleteTopics", cluster, { topics }),
    createPartitions: (cluster, topic, partitions) =>
      about("createPartitions", cluster, { topic, partitions }),
    alterTopicConfigs: (cluster, topic, configs) =>
      about("alterTopicConfigs", cluster, { topic, configs }),
    deleteRecords: (cluster, topic, partition, before) =>
      about("deleteRecords", cluster, { topic, partition, before }),
    produce: async (cluster, spec) => {
      const produced = await about<Numbered<Produced>>("produce", cluster, { spec });
      return {
        count: produced.count,
        firstOffset: BigInt(produced.firstOffset),
        lastOffset: BigInt(produced.lastOffset),
      };
    },
    endTransaction: (id, outcome) => ask("endTransaction", { id, outcome }),
    commitOffsets: (cluster, group, offsets, options = {}) =>
      about("commitOffsets", cluster, { group, offsets, ...options }),
    joinGroup: (cluster, group, topic, protocol = "classic") =>
      about("joinGroup", cluster, { group, topic, protocol }),
    leaveGroup: (group) => ask("leaveGroup", { group }),
    committedOffsets: async (cluster, group) => {
      const offsets = await about<readonly Numbered<GroupOffset>[]>(
        "committedOffsets",
        cluster,
        { group },
      );
      return offsets.map((one) => ({ ...one, offset: BigInt(one.offset) }));
    },
    watermarks: async (cluster, topic, partition) => {
      const found = await about<Numbered<Watermarks>>("watermarks", cluster, { topic, partition });
      return {
        logStart: BigInt(found.logStart),
        highWatermark: BigInt(found.highWatermark),
        lastStable: BigInt(found.lastStable),
      };
    },
    read: async (cluster, topic, partition, options = {}) => {
      const range = await about<RawRange>("read", cluster, { topic, partition, ...options });
      return {
        count: range.count,
        digest: range.digest,
        ...spanOf(range),
        records: range.records.map((record) => ({ ...record, offset: BigInt(record.offset) })),
      };
    },
    consumeGroup: async (cluster, group, topics, options = {}) => {
      const found = await about<readonly RawGroupRead[]>(
        "consumeGroup",
        cluster,
        { group, topics, ...options },
      );
      return found.map((each) => ({ ...each, ...spanOf(each) }));
    },
    [Symbol.asyncDispose]: async () => {
      await requests.close().catch(() => {});
      await Promise.all([process.status, reading]);
    },
  };
}

/** The same shape as JSON carries it: offsets as numbers. */
type Numbered<Shape> = {
  readonly [Name in keyof Shape]: bigint extends Shape[Name] ? number : Shape[Name];
};

interface RawSpan {
  readonly firstOffset: number | null;
  readonly lastOffset: number | null;
}

interface RawRange extends RawSpan {
  readonly count: number;
  readonly digest: string;
  readonly records: readonly Numbered<ReadRecord>[];
}

interface RawGroupRead extends RawSpan {
  readonly topic: string;
  readonly partition: number;
  readonly count: number;
  readonly digest: string;
}

const spanOf = ({ firstOffset, lastOffset }: RawSpan) => ({
  firstOffset: firstOffset === null ? undefined : BigInt(firstOffset),
  lastOffset: lastOffset === null ? undefined : BigInt(lastOffset),
});

const bigintsAsNumbers = (_key: string, value: unknown): unknown =>
  typeof value === "bigint" ? Number(value) : value;

const propertiesOf = (cluster: JudgedCluster): Readonly<Record<string, string>> =>
  typeof cluster === "string" ? { "bootstrap.servers": cluster } : cluster;

async function readLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onLine: (line: string) => void,
): Promise<void> {
  let pending = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (pending + text).split("\n");
    pending = lines.pop() ?? "";
    lines.forEach(onLine);
  }
}
