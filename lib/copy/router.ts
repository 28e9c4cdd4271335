// Gives each partition to a lane (lane.ts) of its leader, on one side of the copy. After trouble the router waits,
// looks up the leader again and goes on, or gives the partition up; judge_trouble.ts decides which.

import { type Failure, failure, within } from "../model/failure.ts";
import { KAFKA_ERRORS } from "../model/kafka_error.ts";
import { formatTopicPartition } from "../model/topic_partition.ts";
import { newestEpoch } from "../model/sequence.ts";
import { formatDuration } from "../model/units.ts";
import { formatAddress } from "../config/address.ts";
import { type BackoffLimits, backoffMs } from "../waiting/backoff.ts";
import type { Cluster } from "../kafka/cluster.ts";
import { delay } from "../waiting/delay.ts";
import { type Judgement, judgeTrouble } from "./judge_trouble.ts";
import { type FoundPosition, PositionError } from "./target_position.ts";
import type { Lane, ReportTrouble, Trouble } from "./lane.ts";
import { isPeerError } from "../wire/peer_error.ts";
import type { Leaders } from "../kafka/leaders.ts";
import type { PartitionCopy } from "./partition_copy.ts";
import type { TroubleLog } from "./trouble_log.ts";

/** What a router needs, and whom it tells what happens. */
export interface RouterOptions {
  readonly cluster: Cluster;
  readonly leaders: Leaders;
  readonly lanesPerBroker: number;
  /** Opens a lane to a broker. The lane calls `onWaited` with the milliseconds that it has waited for the throttle. */
  readonly openLane: (
    nodeId: number,
    reportTrouble: ReportTrouble,
    onWaited: (ms: number) => void,
  ) => Lane;
  readonly giveUpAfterMs: number;
  readonly troubleLog: TroubleLog;
  readonly log: { warning(text: string): void; info(text: string): void };
  /** Called when nothing more can be done for the partition on this side; without a failure it had ended before. */
  readonly giveUp: (partition: PartitionCopy, failure?: Failure) => void;
  /** Called when the partition's unacknowledged batches were dropped and have to be fetched again. */
  readonly onRefetch: (partition: PartitionCopy) => void;
  /** Called when the partition has been in trouble for a while, and waits. */
  readonly onWaiting?: (partition: PartitionCopy) => void;
  /** Finds out how far the partition got on the target. @throws {ConnectionError | PositionError} */
  readonly findPosition: (
    partition: PartitionCopy,
    nodeId: number,
    settleMs: number,
  ) => Promise<FoundPosition>;
  /**
   * Gives the partition a fresh epoch whose sequences count from the position; it is journaled when this returns.
   *
   * @returns the epoch; undefined where there is none left
   */
  readonly beginEpoch: (partition: PartitionCopy, position: FoundPosition) => number | undefined;
  /** Called when something fails that no broker caused, so that the copy must end. */
  readonly onCrash: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** The router of one side. */
export interface Router {
  /** Gives a partition to a lane of its leader; without a known leader it is retried like after any other trouble. */
  place(partition: PartitionCopy): void;
  /** Tells the partition's lane that there may be more to send, or room to fetch. */
  wake(partition: PartitionCopy): void;
  /** The partition made progress: its earlier trouble is forgotten. */
  succeeded(partition: PartitionCopy): void;
  /** Resolves when every lane has ended. */
  ended(): Promise<void>;
}

const BACKOFF: BackoffLimits = { firstMs: 100, longestMs: 5_000, totalMs: Infinity };
/**
 * How long a leader waits at most for a lagging replica (replica.lag.time.max.ms and half of it: 15 s in the Kafka
 * versions that forget producer ids). After that its whole log counts as replicated, and can be read.
 */
const SETTLED_MS = 20_000;
/** Where a leader merely moves, it is found again in fewer tries than this; from here on the partition is waiting. */
const TRIES_IN_PASSING = 3;

/** No try takes as long as this: trouble after a longer pause has nothing to do with the trouble before. */
const NEW_EPISODE_MS = 90_000;

/** The trouble of one partition, from its first failure until it makes progress. Times are in milliseconds. */
interface Episode {
  since: number;
  last: number;
  tries: number;
  /** Whom the log has named as in trouble, with the node id where that is a broker. */
  readonly subjects: Map<string, number | undefined>;
}

/** Why the position on the target is looked for again; `forgotten` is also set where the newest epoch is void. */
type Reposition = Pick<Extract<Judgement, { kind: "reposition" }>, "failure" | "forgotten">;

/** Makes a router without lanes; they are opened when first needed. */
export function createRouter(options: RouterOptions): Router {
  const { cluster, leaders, signal, troubleLog } = options;
  const lanes = new Map<number, Lane[]>();
  const laneOf = new Map<PartitionCopy, Lane>();
  const nodeOf = new Map<PartitionCopy, number>();
  /** By node id; kept for brokers, too, that the newest metadata no longer lists because they are down. */
  const addresses = new Map<number, string>();
  const episodes = new Map<PartitionCopy, Episode>();
  let placed = 0;

  function lanesOf(nodeId: number): Lane[] {
    const known = lanes.get(nodeId);
    if (known !== undefined) return known;
    // Remembers the broker's address while the metadata still has it.
    brokerText(nodeId);
    const opened = Array.from({ length: options.lanesPerBroker }, () => {
      const lane: Lane = options.openLane(
        nodeId,
        (partition, trouble) => report(partition, trouble, nodeId),
        (ms) => waited(lane, ms),
      );
      return lane;
    });
    lanes.set(nodeId, opened);
    return opened;
  }

  /** Waiting for the throttle is no trouble: that time does not count towards giving a partition up. */
  function waited(lane: Lane, ms: number): void {
    for (const [partition, episode] of episodes) {
      if (laneOf.get(partition) !== lane) continue;
      const shift = Math.min(ms, performance.now() - episode.last);
      episode.since += shift;
      episode.last += shift;
    }
  }

  function place(partition: PartitionCopy): void {
    const problem = leaders.topicProblem(partition.topic);
    if (problem !== undefined) {
      // Records of another topic of that name must not be produced.
      partition.fail(problem);
      return giveUp(partition, problem);
    }
    const leader = leaders.leader(partition);
    if (leader === undefined) {
      return report(partition, { kind: "code", code: KAFKA_ERRORS.LEADER_NOT_AVAILABLE });
    }
    if (cluster.role === "target" && partition.mayHaveBegunEpoch) {
      lookForFirst(partition).catch(crash);
      return;
    }
    // A partition is on one lane at a time: one that is there and only has nothing to do stays there.
    const lane = laneOf.get(partition) ?? nextLane(leader.nodeId);
    laneOf.set(partition, lane);
    nodeOf.set(partition, leader.nodeId);
    lane.add(partition);
  }

  /** Neighbours go to different lanes, so that the partitions of one topic share the connections evenly. */
  function nextLane(nodeId: number): Lane {
    const ofBroker = lanesOf(nodeId);
    const lane = ofBroker[placed++ % ofBroker.length];
    if (lane === undefined) throw new RangeError("Cannot place a partition: no lanes a broker");
    return lane;
  }

  function report(partition: PartitionCopy, trouble: Trouble, nodeId?: number): void {
    laneOf.delete(partition);
    // When the copy ends, connections are closed; that is no trouble.
    if (signal.aborted) return;
    const judgement = judgeTrouble(partition, trouble, cluster.role, brokerText(nodeId));
    if (judgement.kind === "final") return giveUp(partition, judgement.failure);
    if (partition.status !== "copying") return giveUp(partition);
    if (judgement.kind === "retry") {
      return retryOrGiveUp(
        partition,
        judgement,
        trouble.kind === "connection" ? nodeId : undefined,
      );
    }
    if (judgement.kind === "reposition") {
      reposition(partition, judgement).catch(crash);
      return;
    }
    if (!partition.refetch(judgement.offset)) return giveUp(partition, judgement.failure);
    options.log.warning(
      `${formatTopicPartition(partition)}: ${judgement.failure.text}, fetching it again`,
    );
    place(partition);
    options.onRefetch(partition);
  }

  async function reposition(partition: PartitionCopy, why: Reposition): Promise<void> {
    const found = await look(partition, why.failure, why.forgotten ? "settled" : "once");
    if (found === undefined) return;
    if (!found.epochIsVoid || why.forgotten) return goOnFrom(partition, found, why);
    // A fresh epoch is needed. Before it begins, nothing that is in the log may be missed: look again, with time to
    // settle.
    await reposition(partition, { ...why, forgotten: true });
  }

  /**
   * Finds out how far the partition got on the target.
   *
   * @param how `once`: by what can be read now; `settled`: once all that the leader had in its log at the beginning is
   * replicated; `patiently`: like `settled`, and retried for as long as that takes
   * @returns undefined where the position cannot be told now, or the partition has ended
   */
  async function look(
    partition: PartitionCopy,
    why: Failure,
    how: "once" | "settled" | "patiently",
  ): Promise<FoundPosition | undefined> {
    const leader = leaders.leader(partition);
    if (leader === undefined) {
      const code = KAFKA_ERRORS.LEADER_NOT_AVAILABLE;
      return void report(partition, { kind: "code", code });
    }
    // A leader without other replicas waits for nobody: its log needs no time to settle.
    const settleMs = how !== "once" && leader.replicas !== 1 ? SETTLED_MS : 0;
    try {
      const found = await options.findPosition(partition, leader.nodeId, settleMs);
      signal.throwIfAborted();
      return partition.status === "copying" ? found : undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof PositionError) {
        if (how !== "patiently" || !error.passing) {
          giveUp(partition, within(`${why.text}; `, error.failure));
        } else {
          const subject = `${cluster.role} partition ${formatTopicPartition(partition)}`;
          const state = `cannot be looked at (${error.message})`;
          const { code } = error.failure;
          retryOrGiveUp(
            partition,
            { kind: "retry", code, refresh: true, subject, state },
            undefined,
          );
        }
        return undefined;
      }
      if (!isPeerError(error)) throw error;
      return void report(partition, { kind: "connection", error }, leader.nodeId);
    }
  }

  function goOnFrom(
    partition: PartitionCopy,
    found: FoundPosition,
    { failure: why, forgotten }: Reposition,
  ): void {
    const name = formatTopicPartition(partition);
    if (!partition.reposition(found)) return giveUp(partition, why);
    const afresh = found.epochIsVoid === true ||
      (forgotten && found.records > newestEpoch(partition.producer).records);
    const epoch = afresh ? options.beginEpoch(partition, found) : undefined;
    signal.throwIfAborted();
    if (afresh && epoch === undefined) {
      const text = `${why.text}; the producer id has no epoch left`;
      return giveUp(partition, failure(why.code, text));
    }
    const goingOn = `${name}: ${why.text}; going on after ${found.records} messages`;
    if (epoch === undefined) options.log.warning(goingOn);
    else options.log.info(`${goingOn} with epoch ${epoch}`);
    place(partition);
    options.onRefetch(partition);
  }

  /** Finds out whether the target has stored the first batch of the newest epoch, and goes on once that is certain. */
  async function lookForFirst(partition: PartitionCopy): Promise<void> {
    const cause = failure(
      "SEQUENCE_UNKNOWN",
      "nobody knows whether the target has stored the first batch of an epoch",
    );
    const found = await look(partition, cause, "patiently");
    if (found === undefined) return;
    if (found.records > newestEpoch(partition.producer).records) {
      const why = { failure: cause, forgotten: false };
      if (found.epochIsVoid) return await reposition(partition, why);
      return goOnFrom(partition, found, why);
    }
    partition.notBegun();
    place(partition);
    options.onRefetch(partition);
  }

  /** Reports an error, except where the end of the copy has interrupted a wait; the partition then stays as it is. */
  function crash(error: unknown): void {
    if (!signal.aborted) options.onCrash(error);
  }

  function retryOrGiveUp(
    partition: PartitionCopy,
    judgement: Extract<Judgement, { kind: "retry" }>,
    brokerId: number | undefined,
  ) {
    const { code, subject, state, patienceMs = Infinity } = judgement;
    const now = performance.now();
    const known = episodes.get(partition);
    const episode: Episode = known !== undefined && now - known.last < NEW_EPISODE_MS
      ? known
      : { since: now, last: now, tries: 0, subjects: new Map() };
    episode.tries++;
    episode.last = now;
    episode.subjects.set(subject, brokerId);
    episodes.set(partition, episode);
    const lasted = now - episode.since;
    if (lasted > Math.min(options.giveUpAfterMs, patienceMs)) {
      return giveUp(partition, failure(code, `${subject} ${state} for ${formatDuration(lasted)}`));
    }
    troubleLog.note(subject, state);
    if (episode.tries >= TRIES_IN_PASSING) options.onWaiting?.(partition);
    retry(partition, judgement.refresh, episode.tries - 1).catch(crash);
  }

  async function retry(partition: PartitionCopy, refresh: boolean, tries: number): Promise<void> {
    await delay(backoffMs(tries, BACKOFF, Math.random()), signal);
    if (refresh) {
      try {
        await leaders.refresh();
      } catch (error) {
        if (!isPeerError(error)) throw error;
        return report(partition, { kind: "connection", error });
      }
    }
    signal.throwIfAborted();
    if (partition.status !== "copying") return;
    // Only the target's side resends: a failure to read from the source says nothing about what was sent.
    if (cluster.role === "target" && partition.queue.readyToResend) {
      if (partition.mayHaveBegunEpoch) return await lookForFirst(partition);
      partition.queue.resend();
    }
    place(partition);
  }

  function brokerText(nodeId: number | undefined): string {
    if (nodeId === undefined) return `${cluster.role} cluster`;
    const known = cluster.brokers().get(nodeId);
    if (known !== undefined) addresses.set(nodeId, formatAddress(known));
    const address = addresses.get(nodeId);
    return `${cluster.role} broker ${nodeId}${address ? ` (${address})` : ""}`;
  }

  function giveUp(partition: PartitionCopy, failed?: Failure): void {
    episodes.delete(partition);
    options.giveUp(partition, failed);
  }

  return {
    place,
    wake: (partition) => laneOf.get(partition)?.wake(partition),
    succeeded(partition) {
      const episode = episodes.get(partition);
      if (episode === undefined) return;
      episodes.delete(partition);
      const here = nodeOf.get(partition);
      for (const [subject, brokerId] of episode.subjects) {
        // Another broker may have taken the partition over while the one in trouble is still down.
        if (brokerId === undefined || brokerId === here) troubleLog.clear(subject);
      }
    },
    async ended() {
      await Promise.all([...lanes.values()].flat().map((lane) => lane.ended));
    },
  };
}
