// What each pattern of the filters matched, so that a slip shows: names that exist on the source, internal topics left
// aside. Whether a name is then let through is the filter's business (name_filter.ts).

import { compareNames } from "../model/compare_names.ts";
import { listNames } from "../model/escape_name.ts";
import { type Finding, finding } from "../model/finding.ts";
import { isInternalTopicName, type NameFilter } from "./name_filter.ts";
import type { ClusterSnapshot } from "../model/snapshot.ts";
import { formatCount } from "../model/units.ts";

/** What one pattern matched. */
export interface PatternMatches {
  readonly list: "topics.include" | "topics.exclude" | "groups.include" | "groups.exclude";
  /** As written. */
  readonly pattern: string;
  /** Names on the source, sorted; also those that other patterns take or leave out. */
  readonly names: readonly string[];
}

/** Tries every pattern on every name of the source. */
export function matchPatterns(
  source: ClusterSnapshot,
  filters: { readonly topics: NameFilter; readonly groups: NameFilter },
): readonly PatternMatches[] {
  const names = {
    topics: [...source.topics.values()]
      .filter(({ topic, internal }) => !internal && !isInternalTopicName(topic))
      .map(({ topic }) => topic).sort(compareNames),
    groups: source.groups.map(({ group }) => group).sort(compareNames),
  };
  return (["topics", "groups"] as const).flatMap((kind) =>
    (["include", "exclude"] as const).flatMap((side) =>
      filters[kind][side].map(({ text, matches }) => ({
        list: `${kind}.${side}` as const,
        pattern: text,
        names: names[kind].filter(matches),
      }))
    )
  );
}

/** `topics.include test* matches 4: test1, test2, test3, test4`. */
export function patternLine({ list, pattern, names }: PatternMatches): string {
  const listed = names.length === 0
    ? "nothing"
    : `${formatCount(names.length)}: ${listNames(names, 20)}`;
  return `${list} ${listNames([pattern])} matches ${listed}`;
}

/** A warning for all patterns that matched nothing. */
export function patternFindings(matches: readonly PatternMatches[]): readonly Finding[] {
  const idle = matches.filter(({ names }) => names.length === 0);
  if (idle.length === 0) return [];
  return [finding(
    "PATTERN_MATCHED_NOTHING",
    { cluster: "source" },
    `Patterns that match nothing on the source: ${
      listNames(idle.map(({ list, pattern }) => `${list} ${pattern}`), 20)
    }`,
    "Correct them, or remove them to silence this",
  )];
}
