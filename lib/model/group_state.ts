// What the state of a group means for its positions.

import type { GroupSnapshot } from "./snapshot.ts";

/** States without members: nobody but us commits an offset while a group is in one of them. */
const WITHOUT_MEMBERS = new Set(["", "empty", "dead", "unknown"]);

/** Whether the group has members now; a group whose state no broker reports counts as having none. */
export function isActive({ state }: GroupSnapshot): boolean {
  return state !== undefined && !WITHOUT_MEMBERS.has(state.toLowerCase());
}

/**
 * Whether it is a share group (KIP-932), as ListGroups 5 reports; upper and lower case differ between versions. A share
 * group's name accepts no committed offsets, whether the group has members or not.
 */
export function isShareGroup({ type }: GroupSnapshot): boolean {
  return type.toLowerCase() === "share";
}
