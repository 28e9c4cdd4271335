// Judges a running connector: how far it is, whether its offsets still move, what the run has to do about it. Plain data
// in, plain data out; other files poll the connector and act. Its state RUNNING proves nothing, since errors of reading and
// logging in show in the workers' logs alone: only offsets that move count.

import { escapeName } from "../../model/escape_name.ts";
import { type Failure, failure } from "../../model/failure.ts";
import { formatTopicPartition, type TopicPartition } from "../../model/topic_partition.ts";

/** One partition of the copy. */
export interface WatchedPartition extends TopicPartition {
  readonly startOffset: bigint;
  readonly endOffset: bigint;
}

/** A task or the connector itself, as `/status` has it. */
export interface ConnectState {
  /** `RUNNING`, `STOPPED`, `FAILED`, … */
  readonly state: string;
  /** `host:port` of the worker that has it. */
  readonly worker: string;
  /** Of what failed: its stack trace's first line and innermost cause. */
  readonly trace?: string;
}

/** A connector's status. */
export interface ConnectorStatus {
  readonly connector: ConnectState;
  readonly tasks: readonly ConnectState[];
}

/** What one look told; absent what could not be asked. */
export interface Observation {
  /** Next source offsets, by `formatTopicPartition`. */
  readonly offsets?: ReadonlyMap<string, bigint>;
  readonly status?: ConnectorStatus;
  /** Offsets from which on there is nothing to copy up to the planned end. */
  readonly nothingBehind: ReadonlyMap<string, bigint>;
  readonly atMs: number;
}

/** What has been seen so far. */
export interface Watch {
  readonly partitions: readonly WatchedPartition[];
  /** By `formatTopicPartition`. */
  readonly next: ReadonlyMap<string, bigint>;
  /** Those whose planned end is reached. */
  readonly done: ReadonlySet<string>;
  /** When those that are not done moved last, by `formatTopicPartition`; absent since the beginning. */
  readonly movedAt: ReadonlyMap<string, number>;
  readonly beganAtMs: number;
  /** When any of them did. */
  readonly movedAtMs: number;
  /** Failed tasks were started again so often since something moved, the last time then. */
  readonly restarts: number;
  readonly restartedAtMs: number;
  readonly warnedAtMs: number;
}

/** What is to be done now. */
export interface Reaction {
  readonly watch: Watch;
  /** Partitions that stand short of their end: somebody has to look whether anything is left there. */
  readonly look: readonly (WatchedPartition & { readonly nextOffset: bigint })[];
  readonly restart: boolean;
  readonly warnings: readonly string[];
  /** Why nothing more is to be waited for. */
  readonly giveUp?: Failure;
}

/** How long a partition has to stand before its end is looked at, and how long all of them before that is said. */
const LOOK_AFTER_MS = 2_000;
const WARN_AFTER_MS = 30_000;
/** Failed tasks are started again so often without anything moving between, so long apart. */
const RESTARTS = 5;
const RESTART_INTERVAL_MS = 5_000;

/** Begins to watch. */
export function beginWatch(
  partitions: readonly WatchedPartition[],
  next: ReadonlyMap<string, bigint>,
  atMs: number,
): Watch {
  const started = partitions.map((each) =>
    [formatTopicPartition(each), next.get(formatTopicPartition(each)) ?? each.startOffset] as const
  );
  const at = {
    beganAtMs: atMs,
    movedAtMs: atMs,
    restarts: 0,
    restartedAtMs: -Infinity,
    warnedAtMs: atMs,
  };
  const none = { done: new Set<string>(), movedAt: new Map<string, number>() };
  const watch = { partitions, next: new Map(started), ...none, ...at };
  return { ...watch, done: doneOf(watch, new Map()) };
}

/** Takes a look into account. */
export function react(
  before: Watch,
  seen: Observation,
  { name, giveUpAfterMs }: { readonly name: string; readonly giveUpAfterMs: number },
): Reaction {
  const next = new Map(before.next);
  const movedAt = new Map(before.movedAt);
  for (const [key, offset] of seen.offsets ?? []) {
    if (offset <= (next.get(key) ?? offset)) continue;
    next.set(key, offset);
    // Progress past a planned end, from new records of a live source, does not hide partitions whose offsets no longer move.
    if (!before.done.has(key)) movedAt.set(key, seen.atMs);
  }
  const done = doneOf({ ...before, next }, seen.nothingBehind);
  const moved = done.size > before.done.size || [...movedAt.values()].includes(seen.atMs);
  const stoodMs = moved ? 0 : seen.atMs - before.movedAtMs;
  const failures = seen.status === undefined ? [] : failuresOf(seen.status);
  const restarts = moved ? 0 : before.restarts;
  const restart = failures.length > 0 && restarts < RESTARTS &&
    seen.atMs - before.restartedAtMs >= RESTART_INTERVAL_MS;
  const warn = failures.length === 0 && seen.atMs - before.warnedAtMs >= WARN_AFTER_MS &&
    stoodMs >= WARN_AFTER_MS;
  const where = whereToLook(name, seen.status);
  const warnings = [
    ...(restart ? failures.map((each) => `${each}; it is started again`) : []),
    ...(warn ? [`Nothing has been copied for ${Math.round(stoodMs / 1000)} s: ${where}`] : []),
  ];
  const giveUp = failures.length > 0 && restarts >= RESTARTS &&
      seen.atMs - before.restartedAtMs >= RESTART_INTERVAL_MS
    ? failure("CONNECTOR_FAILED", `${failures[0]}, again after ${RESTARTS} new starts`)
    : stoodMs >= giveUpAfterMs
    ? failure(
      "CONNECTOR_FAILED",
      `Nothing was copied for ${Math.round(stoodMs / 1000)} s: ${where}`,
    )
    : undefined;
  return {
    watch: {
      ...{ partitions: before.partitions, next, done, movedAt },
      beganAtMs: before.beganAtMs,
      movedAtMs: moved ? seen.atMs : before.movedAtMs,
      restarts: restarts + (restart ? 1 : 0),
      restartedAtMs: restart ? seen.atMs : before.restartedAtMs,
      warnedAtMs: warn || moved ? seen.atMs : before.warnedAtMs,
    },
    look: before.partitions.flatMap((each) => {
      const key = formatTopicPartition(each);
      const stands = seen.atMs - (movedAt.get(key) ?? before.beganAtMs) >= LOOK_AFTER_MS;
      const nextOffset = next.get(key) ?? each.startOffset;
      return done.has(key) || !stands ? [] : [{ ...each, nextOffset }];
    }),
    restart,
    warnings,
    ...(giveUp !== undefined && { giveUp }),
  };
}

/** Whether every planned end is reached. */
export function isDone({ partitions, done }: Watch): boolean {
  return done.size === partitions.length;
}

function doneOf(
  { partitions, next, done }: Pick<Watch, "partitions" | "next" | "done">,
  nothingBehind: ReadonlyMap<string, bigint>,
): ReadonlySet<string> {
  const keys = partitions.flatMap(({ topic, partition, endOffset }) => {
    const key = formatTopicPartition({ topic, partition });
    const offset = next.get(key) ?? 0n;
    return done.has(key) || offset >= endOffset || nothingBehind.get(key) === offset ? [key] : [];
  });
  return new Set(keys);
}

/** Connector and tasks that have failed, each as a sentence. */
export function failuresOf({ connector, tasks }: ConnectorStatus): readonly string[] {
  return [
    ...(connector.state === "FAILED" ? [failed("The connector", connector)] : []),
    ...tasks.flatMap((task, index) =>
      task.state === "FAILED" ? [failed(`Task ${index} of the connector`, task)] : []
    ),
  ];
}

function failed(what: string, { worker, trace }: ConnectState): string {
  const reason = trace === undefined ? "" : `: ${trace}`;
  return `${what} failed on worker ${escapeName(worker)}${reason}`;
}

/** Where what `/status` hides is to be found. */
function whereToLook(name: string, status: ConnectorStatus | undefined): string {
  const states = status === undefined
    ? "Connect could not be asked"
    : `Connect says ${[status.connector, ...status.tasks].map(({ state }) => state).join(", ")}`;
  const workers = [...new Set(status?.tasks.map(({ worker }) => escapeName(worker)))];
  const logs = workers.length === 0 ? "the workers" : workers.join(" and ");
  return `${states}, which hides errors of reading, of logging in and of references that no config provider resolves; look for ${name} in the log of ${logs}`;
}
