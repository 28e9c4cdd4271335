// Who is measured, and how each is told to copy a topic of one cluster to the same topic of another. Each runs as a user
// would run it: data-migrate with journal, log, progress and verification on. It measures nothing.

import {
  connectClassPath,
  type ConnectCluster,
  startConnect,
} from "../tests/support/connect_workers.ts";
import { type GoPrograms, kafkajsPeer, kcatPeer, pythonPeer } from "./programs.ts";
import { type Addresses, type Backlog, topicName } from "./stage.ts";
import { bytesLeft, type Workload } from "./workloads.ts";

/** What there is to copy. */
export interface CopyOrder extends Addresses {
  /** The group whose committed offsets are the starts. */
  readonly group: string;
  /** The same starts, for those who cannot ask for committed offsets. */
  readonly backlog: readonly Backlog[];
  readonly workload: Workload;
  /** An empty folder of the run's own. */
  readonly folder: string;
}

/** A program that copies, or that shows what is possible. */
export interface Contender {
  readonly name: string;
  /** `ceiling`: carries no messages over, and nothing of its is checked. */
  readonly kind: "ours" | "peer" | "ceiling";
  /**
   * Copies only so much of a workload, once, and what it takes for all of it is computed: what an empty backlog takes,
   * plus the rest in proportion.
   */
  readonly part?: number;
  /** Why it does not run a workload; undefined: it does. */
  readonly leftOut?: (workload: Workload) => string | undefined;
  /** Prepares a run; installs what is missing. @returns program and arguments */
  readonly command: (order: CopyOrder) => Promise<readonly string[]>;
  /** What it leaves beside the messages makes offsets useless for counting: it verifies by itself. */
  readonly verifiesItself?: boolean;
  /** A process that works for it and is not its child: counted with it. */
  readonly helperPid?: () => number | undefined;
  /** Ends what `command` has started. */
  readonly end?: () => Promise<void>;
}

/** How data-migrate is slowed down. */
export interface Slowdown {
  readonly bytesPerSecond?: number;
  /** Dialled address by advertised one, of both sides. */
  readonly addresses: Readonly<Record<string, string>>;
}

/** data-migrate. @param binary its path */
export function dataMigrateContender(binary: string, slowdown?: Slowdown): Contender {
  return {
    name: "data-migrate",
    kind: "ours",
    command: (order) => dataMigrateCommand(binary, order, slowdown),
  };
}

/** data-migrate that has a Connect cluster copy, which is there before and after. @param binary its path */
export function connectContender(binary: string): Contender {
  let connect: ConnectCluster | undefined;
  return {
    name: "data-migrate, engine: connect",
    kind: "ours",
    leftOut: ({ name }) => name === "A" ? undefined : "",
    verifiesItself: true,
    async command(order) {
      connect = await startConnect({ bootstrap: order.target, workers: 1, heapMb: 1024 });
      const [worker] = connect.workers;
      const engine = { connect: { url: worker?.url, tasks: CONNECT_TASKS } };
      return await dataMigrateCommand(binary, order, undefined, { engine });
    },
    helperPid: () => connect?.workers[0]?.pid,
    end: async () => await connect?.[Symbol.asyncDispose](),
  };
}

/** As many as there are processors. */
const CONNECT_TASKS = 2;

async function dataMigrateCommand(
  binary: string,
  { source, target, group, workload, folder }: CopyOrder,
  slowdown?: Slowdown,
  more: Readonly<Record<string, unknown>> = {},
): Promise<readonly string[]> {
  const config = `${folder}/migration.yaml`;
  const cluster = (bootstrapServers: string) => {
    const dialled = slowdown?.addresses[bootstrapServers];
    return {
      bootstrapServers,
      ...(dialled !== undefined && { addresses: { [bootstrapServers]: dialled } }),
    };
  };
  const { bytesPerSecond } = slowdown ?? {};
  const content = {
    checkFlag: workload.groups === undefined ? 1 : 0,
    source: cluster(source),
    target: cluster(target),
    topics: { include: [topicName(workload.topic)] },
    groups: { include: [workload.groups === undefined ? group : `/${group}-.*/`] },
    ...(bytesPerSecond !== undefined && { limits: { bytesPerSecond } }),
    ...more,
  };
  // JSON is YAML too.
  await Deno.writeTextFile(config, JSON.stringify(content, null, 2));
  return [binary, config];
}

/** Everybody else, from the quickest to the slowest. */
export function peers({ ceilings, copy, plan }: GoPrograms): readonly Contender[] {
  const peer = (name: string, rest: Omit<Contender, "name" | "kind">): Contender => ({
    leftOut: plansOnly,
    ...rest,
    name,
    kind: "peer",
  });
  return [
    peer("franz-go", {
      leftOut: () => undefined,
      command: (order) =>
        Promise.resolve(
          order.workload.groups === undefined
            ? [copy, ...options(order, "-")]
            : [plan, `-source=${order.source}`],
        ),
    }),
    peer("confluent-kafka", {
      command: async (order) => [
        ...await pythonPeer("confluent_copy.py"),
        ...options(order, "--"),
      ],
    }),
    peer("kcat", {
      leftOut: (workload) =>
        plansOnly(workload) ??
          (workload.partitions > 100 ? "a pair of processes a partition" : undefined),
      async command({ source, target, workload, backlog }) {
        const command = await kcatPeer();
        return [
          ...command,
          source,
          target,
          topicName(workload.topic),
          workload.codec,
          ...ranges(
            backlog.filter(({ count }) => count > 0),
          ),
        ];
      },
    }),
    peer("MirrorMaker 2", {
      part: 0.1,
      leftOut: fastOnly,
      command: async ({ source, target, workload, backlog }) => [
        ...await pythonPeer("mirror_maker_copy.py"),
        ...[`--source=${source}`, `--target=${target}`, `--topic=${topicName(workload.topic)}`],
        ...[`--codec=${workload.codec}`, `--class-path=${await connectClassPath("4.1.0")}`],
        `--ranges=${ranges(backlog).join(",")}`,
      ],
    }),
    peer("kafkajs", {
      part: 0.1,
      leftOut: fastOnly,
      command: async (order) => [...await kafkajsPeer(), ...options(order, "--")],
    }),
    peer("kafka-python + crc32c", {
      part: 0.05,
      leftOut: byPartition,
      command: async (order) => [
        ...await pythonPeer("kafka_python_copy.py"),
        ...options(order, "--"),
      ],
    }),
    peer("kafka-python", {
      part: 0.01,
      leftOut: byPartition,
      command: async (order) => [
        ...await pythonPeer("kafka_python_copy.py"),
        ...options(order, "--"),
        "--without-crc32c",
      ],
    }),
    ...["fetch", "produce", "tcp"].map((mode): Contender => ({
      name: ceilingNames[mode] ?? mode,
      kind: "ceiling",
      leftOut: ({ name }) => ["A", "B", "C", "D"].includes(name) ? undefined : "",
      command: ({ source, target, workload }) =>
        Promise.resolve([
          ceilings,
          ...[`-mode=${mode}`, `-source=${source}`, `-target=${target}`],
          ...[`-topic=${topicName(workload.topic)}`, `-bytes=${bytesLeft(workload)}`],
        ]),
    })),
  ];
}

const ceilingNames: Readonly<Record<string, string>> = {
  fetch: "fetch only",
  produce: "produce only",
  tcp: "TCP copy",
};

/** Workloads on which nobody who is slow elsewhere would be quick: left out, to keep the bench short. */
function fastOnly(workload: Workload): string | undefined {
  return plansOnly(workload) ??
    (["D", "WD", "E", "HL", "S", "T"].includes(workload.name)
      ? "slow on A, B, C and H"
      : undefined);
}

/** One partition after the other, each with questions of its own: that is all that 2,000 of them would show. */
function byPartition(workload: Workload): string | undefined {
  return fastOnly(workload) ??
    (workload.partitions > 1_000 ? "a partition after the other" : undefined);
}

function plansOnly({ groups }: Workload): string | undefined {
  return groups === undefined ? undefined : "";
}

function options({ source, target, group, workload }: CopyOrder, dashes: "-" | "--"): string[] {
  const { topic, codec } = workload;
  return Object.entries({ source, target, topic: topicName(topic), group, codec })
    .map(([name, value]) => `${dashes}${name}=${value}`);
}

function ranges(backlog: readonly Backlog[]): string[] {
  return backlog.map(({ partition, start, count }) => `${partition}:${start}:${count}`);
}
