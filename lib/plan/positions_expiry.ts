// Two limits of the target's brokers on committed offsets: how long their metadata text may be, and how long brokers keep
// positions that no consumer uses. Brokers may differ, and any of them may coordinate a group, so the smallest counts.

import { formatDuration } from "../model/units.ts";

/** Broker settings about committed offsets. */
export interface OffsetSettings {
  /** `offset.metadata.max.bytes`; in spite of the name Kafka compares the number of characters. Absent where not known. */
  readonly maxMetadataLength?: number;
  /** `offsets.retention.minutes`. Absent where not known. */
  readonly retentionMinutes?: number;
}

/** When the positions committed on the target expire unless consumers start. */
export interface PositionsExpiry {
  /** `offsets.retention.minutes`, the smallest of the target's brokers; absent where it could not be read. */
  readonly retentionMinutes?: number;
  /**
   * ISO 8601, UTC: when the positions that this run has committed expire, if no consumer has joined its group by then.
   * Absent where the retention is not known, or this run has committed none.
   */
  readonly startConsumersBefore?: string;
}

const MINUTE_MS = 60_000;

/** The smallest known value of each setting. */
export function smallestSettings(brokers: readonly OffsetSettings[]): OffsetSettings {
  const smallest = (name: keyof OffsetSettings) => {
    const known = brokers.flatMap((broker) => broker[name] ?? []);
    return known.length === 0 ? {} : { [name]: Math.min(...known) };
  };
  return { ...smallest("maxMetadataLength"), ...smallest("retentionMinutes") };
}

/** @param committedAt when the run was about to send its first commit; undefined where it sent none */
export function positionsExpiry(
  { retentionMinutes }: OffsetSettings,
  committedAt: Date | undefined,
): PositionsExpiry {
  if (retentionMinutes === undefined) return {};
  if (committedAt === undefined) return { retentionMinutes };
  const at = new Date(committedAt.getTime() + retentionMinutes * MINUTE_MS);
  return { retentionMinutes, startConsumersBefore: at.toISOString() };
}

/** One sentence for the operator, without a full stop. */
export function expirySentence(
  { retentionMinutes, startConsumersBefore }: PositionsExpiry,
): string {
  if (retentionMinutes === undefined) {
    return "Start the consumers on the target soon: positions of a group without members expire, and the target's offsets.retention.minutes could not be read (7 d by Kafka's default, from the commit on)";
  }
  const expire = `expire ${
    formatDuration(retentionMinutes * MINUTE_MS)
  } after they were committed (offsets.retention.minutes of the target)`;
  return startConsumersBefore === undefined
    ? `Start the consumers on the target in time: positions of a group without members ${expire}`
    : `Start the consumers on the target before ${
      startConsumersBefore.slice(0, 16).replace("T", " ")
    } UTC: positions of a group without members ${expire}`;
}
