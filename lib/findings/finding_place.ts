// Where a finding belongs, in words, and the grouping by topic that keeps thousands of findings readable.
// Names are escaped here; a list of numbers shows at most ten.

import { escapeName, listNames } from "../model/escape_name.ts";
import type { Finding, FindingPlace } from "../model/finding.ts";

/** The place as one phrase: `source topic test3, partitions 0, 4`; empty where the finding is about the whole run. */
export function formatPlace({ cluster, topic, partitions, groups }: FindingPlace): string {
  const parts: string[] = [];
  if (topic !== undefined) parts.push(`topic ${escapeName(topic)}`);
  if (partitions !== undefined) {
    parts.push(partitionsText(partitions));
  }
  if (groups !== undefined) {
    parts.push(`${groups.length === 1 ? "group" : "groups"} ${listNames(groups)}`);
  }
  if (parts.length === 0) return cluster === undefined ? "" : `${cluster} cluster`;
  return `${cluster === undefined ? "" : `${cluster} `}${parts.join(", ")}`;
}

/** Those parts of the place that the message does not name itself. */
export function placeBeside(message: string, where: FindingPlace): string {
  const { cluster, topic, partitions, ...rest } = where;
  const words = ` ${message.replace(/^[TP]/, (first) => first.toLowerCase())} `;
  const says = (text: string) =>
    words.split(` ${text}`).slice(1).some((after) => /^[\s,;:.)]/.test(after));
  const topicSaid = topic !== undefined && says(`topic ${escapeName(topic)}`);
  const partitionsSaid = topicSaid && partitions !== undefined && says(partitionsText(partitions));
  const left = formatPlace({
    ...rest,
    ...(cluster !== undefined && { cluster }),
    ...(topic !== undefined && !topicSaid && { topic }),
    ...(partitions !== undefined && !partitionsSaid && { partitions }),
  });
  return message.includes(left) || (left === `${cluster} cluster` && says(cluster ?? ""))
    ? ""
    : left;
}

/** `partitions 0, 4 of topic test3`. */
export function partitionsOf(
  topic: string,
  partitions: readonly { readonly partition: number }[],
): string {
  return `${partitionsText(partitions.map(({ partition }) => partition))} of topic ${
    escapeName(topic)
  }`;
}

/** Makes one finding for each topic, in order of first appearance. */
export function perTopic<T extends { readonly topic: string }>(
  partitions: readonly T[],
  make: (topic: string, partitions: readonly T[]) => Finding,
): readonly Finding[] {
  return [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, ps]) => make(topic, ps));
}

function partitionsText(numbers: readonly number[]): string {
  return `${numbers.length === 1 ? "partition" : "partitions"} ${
    listNames(numbers.map(String), 10)
  }`;
}
