/**
 * `deno task soak`: migrations that are killed with SIGKILL, cut off and stalled at moments drawn from a seed, many
 * seeds, each until a run comes to its end; librdkafka then compares source and target, and what the groups find from their positions on. The seed of a failure is printed:
 * `--from SEED --seeds 1` replays it. Refuses to touch any cluster but its own.
 */

import { parseArgs } from "node:util";
import { type KafkaCluster, startKafka } from "../tests/support/kafka_cluster.ts";
import type { KafkaVersion } from "../tests/support/kafka_releases.ts";
import { type Judge, startJudge } from "../tests/support/librdkafka.ts";
import { makeMigrationDir } from "../tests/support/migration_dir.ts";
import { makeSlowBacklog, type SlowBacklog } from "../tests/support/slow_backlog.ts";
import { killLoop, randomOf } from "../tests/support/slow_kill_loop.ts";

interface Clusters {
  readonly source: KafkaCluster;
  readonly target: KafkaCluster;
  readonly judge: Judge;
}

const VERSIONS: readonly KafkaVersion[] = ["4.1.0", "3.9.1", "2.8.2"];
const MAX_MESSAGE_BYTES = [3_000, 20_000, 70_000, 1_048_588] as const;

/** Runs the soak. @returns the exit status: 0 when every seed ended with equal logs */
async function soak(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: "string", default: "50" },
      from: { type: "string", default: "1" },
      version: { type: "string", default: "4.1.0" },
      brokers: { type: "string", default: "1" },
    },
  });
  const [seeds, from, brokers] = [values.seeds, values.from, values.brokers].map(Number);
  const version = VERSIONS.find((known) => known === values.version);
  if (version === undefined || !seeds || !from || !brokers) {
    say(`Usage: soak [--seeds N] [--from SEED] [--brokers N] [--version ${VERSIONS.join("|")}]`);
    return 2;
  }
  await using stack = new AsyncDisposableStack();
  const clusters = await startClusters(stack, version, brokers);
  const bad: number[] = [];
  let killed = 0;
  for (let seed = from; seed < from + seeds; seed++) {
    try {
      const kills = await soakOne(clusters, seed);
      killed += kills;
      say(`seed ${seed}: ${kills} runs killed, source and target are equal`);
    } catch (error) {
      bad.push(seed);
      say(`seed ${seed}: FAILED: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  say(`${seeds} seeds, ${killed} runs killed, ${bad.length} seeds failed ${bad.join(" ")}`.trim());
  return bad.length === 0 ? 0 : 1;
}

async function startClusters(
  stack: AsyncDisposableStack,
  version: KafkaVersion,
  brokers: number,
): Promise<Clusters> {
  const [source, target, judge] = await Promise.all([
    startKafka({ version, brokers }).then((cluster) => stack.use(cluster)),
    startKafka({ version, brokers }).then((cluster) => stack.use(cluster)),
    startJudge().then((judge) => stack.use(judge)),
  ]);
  return { source, target, judge };
}

/** One migration, disturbed. @returns how many of its runs were killed @throws Error where anything is not as planned */
async function soakOne(clusters: Clusters, seed: number): Promise<number> {
  const random = randomOf(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  // Small records take more room in merged batches than where they came from.
  const small = random() < 0.5;
  await using backlog = await makeSlowBacklog(clusters, {
    partitions: 1 + below(6),
    messages: (small ? 10_000 : 2_000) + below(6_000),
    valueBytes: small ? 10 + below(90) : 100 + below(1_000),
    committed: below(500),
    groupAhead: true,
    replicationFactor: random() < 0.5 ? 1 : Math.min(3, clusters.target.brokers.length),
    delayMs: 5 + below(60),
    through: random() < 0.5 ? ["target"] : ["source", "target"],
    // Producers that never batched.
    ...(random() < 0.5 && { batchBytes: 1 }),
  });
  await using migration = await makeMigrationDir(backlog.config());
  const thorough = { groupOffsets: "commit", verify: "content" };
  const stop = new AbortController();
  const { last, killed } = await killLoop({
    cwd: migration.path,
    random,
    kills: 1 + below(8),
    progress: backlog.sent,
    progressPerRun: 50_000 + below(600_000),
    // A connection that was cut before the plan blocks a run: nothing was written, the next one tries again.
    goesOn: ({ status, output }) => status === 3 && output.includes("BROKER_UNREACHABLE"),
    async beforeRun(run) {
      await clusters.judge.alterTopicConfigs(clusters.target.bootstrap, backlog.topic, {
        "max.message.bytes": `${MAX_MESSAGE_BYTES[below(MAX_MESSAGE_BYTES.length)]}`,
      });
      migration.configure(backlog.config({ ...thorough, limits: { giveUpAfter: `${run + 2}m` } }));
      const broker = below(clusters.target.brokers.length);
      disturb(clusters, backlog, { kind: below(8), broker, afterMs: below(2_000) }, stop.signal);
    },
  });
  stop.abort();
  if (last.status !== 0) throw new Error(`exit status ${last.status}: ${last.output}`);
  await backlog.assertArrived();
  await backlog.assertGroupsGoOn();
  return killed;
}

interface Disturbance {
  /** 0 and 1: cut connections; 2 and 3: a broker hangs; even: on the target. Others: nothing. */
  readonly kind: number;
  readonly broker: number;
  readonly afterMs: number;
}

/** Does something to the network or to a broker after a while; a kill may come before it is over. */
function disturb(
  { source, target }: Clusters,
  backlog: SlowBacklog,
  { kind, broker: index, afterMs }: Disturbance,
  signal: AbortSignal,
): void {
  setTimeout(async () => {
    if (signal.aborted) return;
    const links = kind % 2 === 0 ? backlog.target : backlog.source;
    const broker = (kind % 2 === 0 ? target : source).brokers[index];
    if (kind < 2) links.cut();
    else if (kind < 4 && broker !== undefined) {
      await broker.kill("SIGSTOP");
      setTimeout(() => broker.kill("SIGCONT"), 300 + afterMs);
    }
  }, afterMs);
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) Deno.exitCode = await soak(Deno.args);
