// Sends partitions to the lane of their leader, on one side of the copy, and decides what follows from trouble there:
// give the partition up, or wait, look for its leader again, and go on. Decisions are made by error code
// (lib/core/kafka_error.ts), never by text.

import { crcMatches } from "../batch/check.ts";
import { formatKafkaError, kafkaError } from "../core/kafka_error.ts";
import { formatTopicPartition } from "../core/topic_partition.ts";
import { formatDuration } from "../core/units.ts";
import { formatAddress } from "../config/address.ts";
import { type BackoffLimits, backoffMs } from "../kafka/backoff.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { delay } from "../kafka/delay.ts";
import { ConnectionError } from "../wire/connection_error.ts";
import type { Lane, ReportTrouble, Trouble } from "./lane.ts";
import type { Leaders } from "./leaders.ts";
import type { PartitionCopy } from "./partition_copy.ts";
import type { TroubleLog } from "./trouble_log.ts";

/** What a router works with. */
export interface RouterOptions {
  readonly cluster: Cluster;
  readonly leaders: Leaders;
  readonly lanesPerBroker: number;
  readonly openLane: (nodeId: number, reportTrouble: ReportTrouble) => Lane;
  readonly giveUpAfterMs: number;
  readonly troubleLog: TroubleLog;
  /** The partition failed. */
  readonly onFailed: (partition: PartitionCopy) => void;
  readonly signal: AbortSignal;
}

/** One side's router. */
export interface Router {
  /** Sends a partition to its leader's lane; trouble on the way is handled like any other. */
  place(partition: PartitionCopy): void;
  /** Tells the partition's lane that something may have become possible. */
  wake(partition: PartitionCopy): void;
  /** The partition got on: earlier trouble is forgotten. */
  succeeded(partition: PartitionCopy): void;
  /** When every lane has ended. */
  ended(): Promise<void>;
}

const BACKOFF: BackoffLimits = { firstMs: 100, longestMs: 5_000, totalMs: Infinity };
const LEADER_NOT_AVAILABLE = 5;
const CORRUPT_MESSAGE = 2;
const OUT_OF_ORDER_SEQUENCE_NUMBER = 45;

interface Episode {
  readonly since: number;
  tries: number;
  subject: string;
}

/** Makes a router without lanes; they are opened when first needed. */
export function createRouter(options: RouterOptions): Router {
  const { cluster, leaders, signal, troubleLog } = options;
  const lanes = new Map<number, Lane[]>();
  const laneOf = new Map<PartitionCopy, Lane>();
  const episodes = new Map<PartitionCopy, Episode>();
  let placed = 0;

  function lanesOf(nodeId: number): Lane[] {
    const known = lanes.get(nodeId);
    if (known !== undefined) return known;
    const opened = Array.from(
      { length: options.lanesPerBroker },
      () => options.openLane(nodeId, (partition, trouble) => report(partition, trouble, nodeId)),
    );
    lanes.set(nodeId, opened);
    return opened;
  }

  function place(partition: PartitionCopy): void {
    const problem = leaders.topicProblem(partition.topic);
    if (problem !== undefined) return giveUp(partition, problem);
    const leader = leaders.leader(partition);
    if (leader === undefined) {
      return report(partition, { kind: "code", code: LEADER_NOT_AVAILABLE });
    }
    const ofBroker = lanesOf(leader.nodeId);
    // Neighbours go to different lanes, so that the partitions of one topic share the connections evenly.
    const lane = ofBroker[placed++ % ofBroker.length];
    if (lane === undefined) throw new RangeError("Cannot place a partition: no lanes a broker");
    laneOf.set(partition, lane);
    if (partition.readyToResend) partition.resend();
    lane.add(partition);
  }

  function report(partition: PartitionCopy, trouble: Trouble, nodeId?: number): void {
    laneOf.delete(partition);
    if (partition.status !== "copying") return options.onFailed(partition);
    const final = finalProblem(partition, trouble);
    if (final !== undefined) return giveUp(partition, final);
    const { subject, state } = describe(partition, trouble, nodeId);
    const episode = episodes.get(partition) ?? { since: performance.now(), tries: 0, subject };
    episode.tries++;
    episode.subject = subject;
    episodes.set(partition, episode);
    const lasted = performance.now() - episode.since;
    if (lasted > options.giveUpAfterMs) {
      return giveUp(partition, `${subject} ${state} for ${formatDuration(lasted)}`);
    }
    troubleLog.note(subject, state);
    retry(partition, trouble, episode.tries - 1).catch(() => {
      // Only the end of the copy interrupts the wait; the partition then stays as it is.
    });
  }

  async function retry(partition: PartitionCopy, trouble: Trouble, tries: number): Promise<void> {
    await delay(backoffMs(tries, BACKOFF, Math.random()), signal);
    if (trouble.kind === "connection" || kafkaError(trouble.code).action === "refresh") {
      try {
        await leaders.refresh();
      } catch (error) {
        if (signal.aborted) throw error;
        const wrapped = error instanceof Error ? error : new Error(String(error));
        return report(partition, { kind: "connection", error: wrapped });
      }
    }
    signal.throwIfAborted();
    if (partition.status === "copying") place(partition);
  }

  function describe(partition: PartitionCopy, trouble: Trouble, nodeId: number | undefined) {
    if (trouble.kind === "code") {
      const subject = `${cluster.role} partition ${formatTopicPartition(partition)}`;
      return { subject, state: `not available (${formatKafkaError(trouble.code)})` };
    }
    const address = nodeId === undefined ? undefined : cluster.brokers().get(nodeId);
    const subject = nodeId === undefined
      ? `${cluster.role} cluster`
      : `${cluster.role} broker ${nodeId}${address ? ` (${formatAddress(address)})` : ""}`;
    const reason = trouble.error instanceof ConnectionError
      ? trouble.error.reason
      : trouble.error.message;
    return { subject, state: `unreachable (${reason})` };
  }

  function giveUp(partition: PartitionCopy, reason: string): void {
    episodes.delete(partition);
    partition.fail(reason);
    options.onFailed(partition);
  }

  return {
    place,
    wake: (partition) => laneOf.get(partition)?.wake(partition),
    succeeded(partition) {
      const episode = episodes.get(partition);
      if (episode === undefined) return;
      episodes.delete(partition);
      troubleLog.clear(episode.subject);
    },
    async ended() {
      await Promise.all([...lanes.values()].flat().map((lane) => lane.ended));
    },
  };
}

/** Why trouble is the end for a partition; undefined where trying again may help. */
function finalProblem(partition: PartitionCopy, trouble: Trouble): string | undefined {
  if (trouble.kind === "connection") {
    const { error } = trouble;
    return error instanceof ConnectionError && !error.passing ? error.message : undefined;
  }
  const { code, message } = trouble;
  const oldest = partition.oldest;
  const where = oldest === undefined
    ? ""
    : ` for the batch at source offset ${oldest.firstSourceOffset}`;
  if (
    code === CORRUPT_MESSAGE && oldest !== undefined &&
    !crcMatches(oldest.bytes, 0, oldest.bytes.length)
  ) {
    return `the batch at source offset ${oldest.firstSourceOffset} is damaged: its CRC-32C does not match its content`;
  }
  if (code === OUT_OF_ORDER_SEQUENCE_NUMBER) {
    return `the target lost its place in the sequence${where}: ${formatKafkaError(code)}`;
  }
  if (kafkaError(code).action !== "fatal") return undefined;
  return `the broker answered ${formatKafkaError(code)}${message ? `, ${message},` : ""}${where}`;
}
