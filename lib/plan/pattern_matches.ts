// What each pattern of the filters matches among the names on the source, internal topics excluded, so that a mistake in
// a pattern shows. Whether a name is then accepted is decided in name_filter.ts.

import { compareNames } from "../model/compare_names.ts";
import { listNames } from "../model/escape_name.ts";
import { type Finding, finding } from "../model/finding.ts";
import { isInternalTopicName, type NameFilter } from "./name_filter.ts";
import type { ClusterSnapshot } from "../model/snapshot.ts";
import { formatCount } from "../model/units.ts";

/** The names that one pattern matches. */
export interface PatternMatches {
  readonly list: "topics.include" | "topics.exclude" | "groups.include" | "groups.exclude";
  /** The pattern as written in the config. */
  readonly pattern: string;
  /** Matching names on the source, sorted; they may also be included or excluded by other patterns. */
  readonly names: readonly string[];
}

/** Matches every pattern against every name on the source. */
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

/** A warning that names all patterns without a match. */
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
