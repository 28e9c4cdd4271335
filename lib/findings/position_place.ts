// The groups and partitions that a finding about several positions names.

import { compareNames } from "../model/compare_names.ts";
import { listNames } from "../model/escape_name.ts";
import type { WantedPosition } from "../plan/group_offsets.ts";

/** The groups of the positions, their partitions, and the groups as the beginning of a sentence. */
export function placeOf(positions: readonly WantedPosition[]) {
  const groups = [...new Set(positions.map(({ group }) => group))].sort(compareNames);
  return {
    groups,
    partitions: [...new Set(positions.map(({ partition }) => partition))],
    who: `${groups.length === 1 ? "Group" : "Groups"} ${listNames(groups)}`,
  };
}
