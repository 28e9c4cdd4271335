// What the state of a group means for its positions.

import type { GroupSnapshot } from "./snapshot.ts";

/** States without members: an offset committed now is nobody's but ours. */
const WITHOUT_MEMBERS = new Set(["", "empty", "dead", "unknown"]);

/** Whether somebody reads with the group now; where no broker tells its state, nobody is known to. */
export function isActive({ state }: GroupSnapshot): boolean {
  return state !== undefined && !WITHOUT_MEMBERS.has(state.toLowerCase());
}

/**
 * Whether it is a share group (KIP-932), as ListGroups 5 tells; the letters' case differs between versions. Its name takes
 * no committed offsets, whether anybody reads with it or not.
 */
export function isShareGroup({ type }: GroupSnapshot): boolean {
  return type.toLowerCase() === "share";
}
